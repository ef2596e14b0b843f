/**
 * Types of the functions that imprun runs. This file is written by the imprun extension; changes to it are lost.
 * Every type here is global, so a function needs no import: `export default function hello(req: ImprunRequest, res: ImprunResponse) {}`.
 */

/** What a caller sent. */
interface ImprunRequest {
  /** `GET`, `POST`, `PUT`, `PATCH` or `DELETE`. */
  readonly method: string
  /** Path inside the environment, for example `/calculateTax`. */
  readonly path: string
  /** Path and query as they came. */
  readonly url: string
  readonly params: Readonly<Record<string, string>>
  /** Query parameters; one that is given several times is an array. */
  readonly query: Readonly<Record<string, any>>
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, any>>
  /** One header, whatever the case of its name. */
  get(name: string): string | undefined
  header(name: string): string | undefined
  /** The parsed body: JSON, a form, text or bytes, by its content type; `{}` when there is none. */
  readonly body: any
  /** Address of the caller. */
  readonly ip: string
  /** Id of this request; the same as the answer's `x-request-id`. */
  readonly id: string
  /** Who calls, in an environment with key-auth. The key itself never reaches a function. */
  readonly credential?: { readonly id: string; readonly application: string }
}

/** The answer to be. Instead of using it a function may also return a `Response` or a plain object. */
interface ImprunResponse {
  /** Sets the status code; 200 without it. */
  status(code: number): this
  /** Sets a header, or several. */
  set(name: string, value: string | number | readonly string[]): this
  set(headers: Readonly<Record<string, string | number>>): this
  header(name: string, value: string | number | readonly string[]): this
  /** A header that has been set. */
  get(name: string): string | string[] | undefined
  /** Sets the content type, for example `text/csv`. */
  type(contentType: string): this
  /** Answers with JSON. */
  json(value: unknown): this
  /** Answers with text, bytes, or JSON for an object. */
  send(value?: unknown): this
  /** Answers with a status and its text. */
  sendStatus(code: number): this
  redirect(url: string): void
  redirect(status: number, url: string): void
  /** Writes a part of a streamed answer; close it with `end`. Await it, so that you do not write faster than the caller reads. */
  write(chunk: string | Uint8Array): Promise<void>
  end(chunk?: string | Uint8Array): this
  /** True when the answer, or the head of a streamed one, has left. */
  readonly headersSent: boolean
}

/** A function of a gateway. */
type ImprunHandler = (req: ImprunRequest, res: ImprunResponse) => unknown

/** Id that MongoDB gives a document. */
declare class ObjectId {
  constructor(hex?: string)
  static isValid(value: unknown): boolean
  static createFromHexString(hex: string): ObjectId
  toHexString(): string
  toString(): string
  equals(other: ObjectId | string): boolean
  getTimestamp(): Date
}

interface ImprunDocument {
  _id?: any
  [field: string]: any
}
type ImprunFilter<Doc> = { [Field in keyof Doc]?: any } & Record<string, any>
interface ImprunUpdate<Doc> {
  $set?: { [Field in keyof Doc]?: any } & Record<string, any>
  $unset?: Record<string, '' | 1 | true>
  $inc?: Record<string, number>
  $mul?: Record<string, number>
  $min?: Record<string, any>
  $max?: Record<string, any>
  $push?: Record<string, any>
  $pull?: Record<string, any>
  $addToSet?: Record<string, any>
  $rename?: Record<string, string>
  $currentDate?: Record<string, any>
  $setOnInsert?: { [Field in keyof Doc]?: any } & Record<string, any>
  [operator: `$${string}`]: any
}
interface ImprunFindOptions {
  sort?: Record<string, 1 | -1>
  limit?: number
  skip?: number
  projection?: Record<string, any>
}
interface ImprunFindAndModifyOptions {
  sort?: Record<string, 1 | -1>
  projection?: Record<string, any>
  upsert?: boolean
  returnDocument?: 'before' | 'after'
}
/** Documents that a query finds; read them with `toArray`, or one by one with `for await`. */
interface ImprunCursor<Doc> extends AsyncIterable<Doc> {
  sort(by: Record<string, 1 | -1> | string, direction?: 1 | -1): this
  limit(count: number): this
  skip(count: number): this
  project(fields: Record<string, any>): this
  map<Result>(transform: (document: Doc) => Result): ImprunCursor<Result>
  toArray(): Promise<Doc[]>
  hasNext(): Promise<boolean>
  next(): Promise<Doc | null>
  close(): Promise<void>
}
type ImprunFound<Doc> = Doc & { _id: any }

/** A collection of the environment's own database, as the MongoDB driver offers it. */
interface ImprunCollection<Doc extends object = ImprunDocument> {
  find(filter?: ImprunFilter<Doc>, options?: ImprunFindOptions): ImprunCursor<ImprunFound<Doc>>
  findOne(filter?: ImprunFilter<Doc>, options?: Omit<ImprunFindOptions, 'limit'>): Promise<ImprunFound<Doc> | null>
  insertOne(document: Doc): Promise<{ acknowledged: boolean; insertedId: any }>
  insertMany(documents: readonly Doc[]): Promise<{ acknowledged: boolean; insertedCount: number; insertedIds: Record<number, any> }>
  updateOne(filter: ImprunFilter<Doc>, update: ImprunUpdate<Doc>, options?: { upsert?: boolean }): Promise<ImprunUpdateResult>
  updateMany(filter: ImprunFilter<Doc>, update: ImprunUpdate<Doc>, options?: { upsert?: boolean }): Promise<ImprunUpdateResult>
  replaceOne(filter: ImprunFilter<Doc>, document: Doc, options?: { upsert?: boolean }): Promise<ImprunUpdateResult>
  deleteOne(filter: ImprunFilter<Doc>): Promise<{ acknowledged: boolean; deletedCount: number }>
  deleteMany(filter: ImprunFilter<Doc>): Promise<{ acknowledged: boolean; deletedCount: number }>
  findOneAndUpdate(
    filter: ImprunFilter<Doc>,
    update: ImprunUpdate<Doc> | readonly Record<string, any>[],
    options?: ImprunFindAndModifyOptions,
  ): Promise<ImprunFound<Doc> | null>
  findOneAndReplace(filter: ImprunFilter<Doc>, document: Doc, options?: ImprunFindAndModifyOptions): Promise<ImprunFound<Doc> | null>
  findOneAndDelete(filter: ImprunFilter<Doc>, options?: Omit<ImprunFindAndModifyOptions, 'upsert' | 'returnDocument'>): Promise<ImprunFound<Doc> | null>
  countDocuments(filter?: ImprunFilter<Doc>): Promise<number>
  estimatedDocumentCount(): Promise<number>
  distinct(field: string, filter?: ImprunFilter<Doc>): Promise<any[]>
  /** A pipeline that stays inside this database and its own collections. Server-side JavaScript (`$function` and the like) is refused. */
  aggregate<Result extends object = ImprunDocument>(pipeline: readonly Record<string, any>[]): ImprunCursor<Result>
}
interface ImprunUpdateResult {
  acknowledged: boolean
  matchedCount: number
  modifiedCount: number
  upsertedCount: number
  upsertedId: any
}
interface ImprunDatabase {
  collection<Doc extends object = ImprunDocument>(name: string): ImprunCollection<Doc>
}

/** What the platform gives to every function. */
declare const imp: {
  /** The database of this environment. */
  db(): ImprunDatabase
  /** The environment's variables. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Id of the gateway, for example `hometax`. */
  readonly gateway: string
  /** `dev`, `staging` or `prod`. */
  readonly environment: 'dev' | 'staging' | 'prod'
  /** Lines of the function's log; `console` writes there too. */
  readonly log: { debug(...values: any[]): void; info(...values: any[]): void; warn(...values: any[]): void; error(...values: any[]): void }
  readonly ObjectId: typeof ObjectId
}
