/** Bytes that are not the BSON they should be. */
export class BsonReadError extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'BsonReadError'
  }
}
