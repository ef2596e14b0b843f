/** What one function version may do with its environment's data. */
export interface DataSession {
  /**
   * @param values the operation's arguments as one BSON document
   * @returns the result as BSON: one document { value }, or for cursors documents one after the other
   * @throws anything; `describeDataError` makes of it what the function may know
   */
  run(operation: string, collection: string, values: Uint8Array, maxTimeMs: number): Promise<Uint8Array>
  /** Closes the cursors that are still open. */
  close(): void
}
