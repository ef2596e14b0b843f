/**
 * Types of the functions that imprun runs. This file is written by the imprun extension; changes to it are lost.
 * Every type here is global, so a function needs no import: `export default function hello(req: ImprunRequest, res: ImprunResponse) {}`.
 */

/** What a caller sent. */
interface ImprunRequest {
  /** `GET`, `POST`, `PUT`, `PATCH` or `DELETE`. */
  readonly method: string
  /** Path and query inside the environment, for example `/calculateTax?year=2026`. */
  readonly url: string
  readonly originalUrl: string
  readonly path: string
  readonly params: Readonly<Record<string, string>>
  /** Query parameters; one that is given several times is a list. */
  readonly query: Readonly<Record<string, any>>
  /** Headers by lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** The body by its content type: JSON, a form (its files are `File`s), text or bytes; `{}` when there is none. */
  readonly body: any
  /** Address of the caller. */
  readonly ip: string
  /** What trusted proxies passed on: the caller's address, then those of the proxies behind it. */
  readonly ips: readonly string[]
  /** Id of this request; the same as the answer's `x-request-id`. */
  readonly id: string
  /** What made the call: a request, `imp.invoke`, the function's schedule, or Run in the editor. */
  readonly trigger: 'http' | 'invoke' | 'schedule' | 'run'
  /** What middleware has left for those behind it; goes over as JSON. */
  locals: Record<string, any>
  /** Who calls, in an environment with key-auth. The key itself never reaches a function. */
  readonly credential: { readonly id: string; readonly application: string } | undefined
  /** Aborts when the caller goes away before the answer, or the call's time is up. */
  readonly signal: AbortSignal
  readonly aborted: boolean
  readonly protocol: string
  readonly secure: boolean
  readonly host: string | undefined
  readonly hostname: string | undefined
  /** Whether a script of a web page made the request: `X-Requested-With: XMLHttpRequest`. */
  readonly xhr: boolean
  /** Whether what the caller has in its cache is still what the answer says. */
  readonly fresh: boolean
  readonly stale: boolean
  readonly res: ImprunResponse
  /** A header by any spelling of its name. */
  get(name: string): string | undefined
  header(name: string): string | undefined
  /** The type of these that the body has; false when it has none of them, null without a body. */
  is(...types: (string | readonly string[])[]): string | false | null
  /** The type of these that the caller likes best; false when it takes none of them. Without arguments: what it takes, best first. */
  accepts(): string[]
  accepts(...types: (string | readonly string[])[]): string | false
  acceptsEncodings(): string[]
  acceptsEncodings(...encodings: (string | readonly string[])[]): string | false
  acceptsCharsets(): string[]
  acceptsCharsets(...charsets: (string | readonly string[])[]): string | false
  acceptsLanguages(): string[]
  acceptsLanguages(...languages: (string | readonly string[])[]): string | false
  /** The parts asked for of something so long; -1 when there are none of them, -2 when the header cannot be read, undefined without one. */
  range(size: number, options?: { combine?: boolean }): (({ start: number; end: number }[] & { type: string }) | -1 | -2) | undefined
  on(event: 'close', listener: () => void): this
  once(event: 'close', listener: () => void): this
  off(event: 'close', listener: () => void): this
}

interface ImprunCookieOptions {
  domain?: string
  /** Milliseconds from now. */
  maxAge?: number
  expires?: Date
  httpOnly?: boolean
  path?: string
  secure?: boolean
  sameSite?: boolean | 'lax' | 'strict' | 'none'
  priority?: 'low' | 'medium' | 'high'
  partitioned?: boolean
  encode?(value: string): string
}

/** The answer to be. Instead of using it a function may also return a `Response` or a plain object. */
interface ImprunResponse {
  readonly req: ImprunRequest
  statusCode: number
  /** For your own use while the call is answered. */
  locals: Record<string, any>
  readonly writableEnded: boolean
  /** True once the head of the answer has left. */
  readonly headersSent: boolean
  /** Sets the status code; 200 without it. */
  status(code: number): this
  /** Sets a header, or several. */
  set(name: string, value: string | number | readonly string[]): this
  set(headers: Readonly<Record<string, string | number>>): this
  header(name: string, value: string | number | readonly string[]): this
  setHeader(name: string, value: string | number | readonly string[]): this
  get(name: string): string | string[] | undefined
  getHeader(name: string): string | string[] | undefined
  hasHeader(name: string): boolean
  removeHeader(name: string): void
  /** Adds to what the header has. */
  append(name: string, value: string | readonly string[]): this
  vary(field: string | readonly string[]): this
  location(url: string): this
  links(links: Readonly<Record<string, string | readonly string[]>>): this
  /** Asks the caller to save the answer as a file, and sets the content type by the name's ending. */
  attachment(fileName?: string): this
  /** An object is set as JSON, with `j:` before it. */
  cookie(name: string, value: unknown, options?: ImprunCookieOptions): this
  clearCookie(name: string, options?: ImprunCookieOptions): this
  /** Sets the content type: a media type such as `text/csv`, or a file ending such as `csv`. */
  type(contentType: string): this
  /** Answers with JSON. */
  json(value?: unknown): this
  /** Answers with text, bytes, or JSON for an object. */
  send(body?: unknown): this
  /** Answers with a status and its words. */
  sendStatus(code: number): this
  redirect(url: string): void
  redirect(status: number, url: string): void
  /** Calls the one of these that the caller takes and likes best; `default` when it takes none. */
  format(choices: Readonly<Record<string, (req: ImprunRequest, res: this) => unknown>>): this
  /** Sets status and headers, as in Node. */
  writeHead(status: number, headers?: Readonly<Record<string, string | number | readonly string[]>>): this
  /** Writes a part of a streamed answer; close it with `end`. Await it, and a slow reader slows the writing down. */
  write(chunk: string | Uint8Array): Promise<void>
  /** Sends the head of a streamed answer now. */
  flushHeaders(): void
  end(chunk?: string | Uint8Array): this
  /** `finish`: the answer is complete. `close`: it is, or nobody waits for it any more. */
  on(event: 'finish' | 'close', listener: () => void): this
  once(event: 'finish' | 'close', listener: () => void): this
  off(event: 'finish' | 'close', listener: () => void): this
}

/** A function of a gateway. */
type ImprunHandler = (req: ImprunRequest, res: ImprunResponse) => unknown

/** Lets the call go on to the next middleware, and at last to the function; comes back when the answer is on its way. With an error the call fails. */
type ImprunNext = (error?: unknown) => Promise<{ readonly status: number }>
/** A function named `_middleware` or `folder/_middleware`. It answers, or calls `next()`. */
type ImprunMiddleware = (req: ImprunRequest, res: ImprunResponse, next: ImprunNext) => unknown

/** Thrown by `imp.invoke` when the other function answered 400 or more, or gave no answer. */
interface ImprunInvokeError extends Error {
  /** `INVOKE_REFUSED` for an answer of 400 or more; else why there is none. */
  readonly code: string
  readonly status: number
  readonly functionName: string
  /** What it answered. */
  readonly body?: any
}

/** Id that MongoDB gives a document. */
declare class ObjectId {
  constructor(id?: string | number | Uint8Array)
  static isValid(value: unknown): boolean
  static createFromHexString(hex: string): ObjectId
  static createFromTime(seconds: number): ObjectId
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
  $setOnInsert?: { [Field in keyof Doc]?: any } & Record<string, any>
  $unset?: Record<string, '' | 1 | true>
  $inc?: Record<string, number>
  $mul?: Record<string, number>
  $min?: Record<string, any>
  $max?: Record<string, any>
  $push?: Record<string, any>
  $pull?: Record<string, any>
  $pop?: Record<string, 1 | -1>
  $addToSet?: Record<string, any>
  $rename?: Record<string, string>
  $currentDate?: Record<string, any>
  [operator: `$${string}`]: any
}
type ImprunSort = Record<string, 1 | -1>
interface ImprunOperationOptions {
  session?: ImprunSession
  collation?: Record<string, any>
  hint?: string | Record<string, any>
  let?: Record<string, any>
  maxTimeMS?: number
  ignoreUndefined?: boolean
}
interface ImprunWriteOptions extends ImprunOperationOptions {
  upsert?: boolean
  arrayFilters?: readonly Record<string, any>[]
}
interface ImprunFindOptions extends ImprunOperationOptions {
  sort?: ImprunSort
  limit?: number
  skip?: number
  projection?: Record<string, any>
  maxTimeMS?: number
}
interface ImprunFindAndModifyOptions extends ImprunWriteOptions {
  upsert?: boolean
  sort?: ImprunSort
  projection?: Record<string, any>
  /** Whether the document is answered as it was, or as it is now. */
  returnDocument?: 'before' | 'after'
}
/** Documents that a query finds: all at once with `toArray`, or one by one with `for await`. */
interface ImprunCursor<Doc> extends AsyncIterable<Doc> {
  sort(by: ImprunSort): this
  sort(field: string, direction?: 1 | -1): this
  limit(count: number): this
  skip(count: number): this
  project(fields: Record<string, any>): this
  batchSize(count: number): this
  maxTimeMS(milliseconds: number): this
  map<Result>(transform: (document: Doc) => Result): ImprunCursor<Result>
  toArray(): Promise<Doc[]>
  hasNext(): Promise<boolean>
  next(): Promise<Doc | null>
  forEach(visit: (document: Doc) => unknown): Promise<void>
  close(): Promise<void>
}
type ImprunFound<Doc> = Doc & { _id: any }

/** A collection of the environment's own database, as the MongoDB driver offers it. */
interface ImprunCollection<Doc extends object = ImprunDocument> extends ImprunCollectionIndexes {
  readonly collectionName: string
  find(filter?: ImprunFilter<Doc>, options?: ImprunFindOptions): ImprunCursor<ImprunFound<Doc>>
  findOne(filter?: ImprunFilter<Doc>, options?: Omit<ImprunFindOptions, 'limit'>): Promise<ImprunFound<Doc> | null>
  insertOne(document: Doc, options?: ImprunOperationOptions): Promise<{ acknowledged: boolean; insertedId: any }>
  insertMany(
    documents: readonly Doc[],
    options?: ImprunOperationOptions & { ordered?: boolean },
  ): Promise<{ acknowledged: boolean; insertedCount: number; insertedIds: Record<number, any> }>
  updateOne(filter: ImprunFilter<Doc>, update: ImprunUpdate<Doc> | readonly object[], options?: ImprunWriteOptions): Promise<ImprunUpdateResult>
  updateMany(filter: ImprunFilter<Doc>, update: ImprunUpdate<Doc> | readonly object[], options?: ImprunWriteOptions): Promise<ImprunUpdateResult>
  replaceOne(filter: ImprunFilter<Doc>, document: Doc, options?: ImprunWriteOptions): Promise<ImprunUpdateResult>
  deleteOne(filter?: ImprunFilter<Doc>, options?: ImprunOperationOptions): Promise<{ acknowledged: boolean; deletedCount: number }>
  deleteMany(filter?: ImprunFilter<Doc>, options?: ImprunOperationOptions): Promise<{ acknowledged: boolean; deletedCount: number }>
  findOneAndUpdate(
    filter: ImprunFilter<Doc>,
    update: ImprunUpdate<Doc> | readonly object[],
    options?: ImprunFindAndModifyOptions,
  ): Promise<ImprunFound<Doc> | null>
  findOneAndReplace(filter: ImprunFilter<Doc>, document: Doc, options?: ImprunFindAndModifyOptions): Promise<ImprunFound<Doc> | null>
  findOneAndDelete(filter: ImprunFilter<Doc>, options?: Omit<ImprunFindAndModifyOptions, 'upsert' | 'returnDocument'>): Promise<ImprunFound<Doc> | null>
  countDocuments(filter?: ImprunFilter<Doc>, options?: ImprunOperationOptions): Promise<number>
  estimatedDocumentCount(): Promise<number>
  distinct(key: string, filter?: ImprunFilter<Doc>, options?: ImprunOperationOptions): Promise<any[]>
  bulkWrite(operations: readonly ImprunBulkWrite<Doc>[], options?: ImprunOperationOptions & { ordered?: boolean }): Promise<ImprunBulkWriteResult>
  /** A pipeline that stays inside this database and runs no JavaScript on the server. */
  aggregate<Result extends object = ImprunDocument>(pipeline?: readonly Record<string, any>[], options?: ImprunOperationOptions): ImprunCursor<Result>
  rename(name: string): Promise<ImprunCollection<Doc>>
}
interface ImprunUpdateResult {
  acknowledged: boolean
  matchedCount: number
  modifiedCount: number
  upsertedCount: number
  upsertedId: any
}
interface ImprunBulkWriteResult {
  ok: number
  insertedCount: number
  matchedCount: number
  modifiedCount: number
  deletedCount: number
  upsertedCount: number
  insertedIds: Record<number, any>
  upsertedIds: Record<number, any>
}
type ImprunBulkWrite<Doc> =
  | { insertOne: { document: Doc } }
  | { updateOne: { filter: ImprunFilter<Doc>; update: ImprunUpdate<Doc> | readonly object[]; upsert?: boolean; arrayFilters?: readonly object[] } }
  | { updateMany: { filter: ImprunFilter<Doc>; update: ImprunUpdate<Doc> | readonly object[]; upsert?: boolean; arrayFilters?: readonly object[] } }
  | { replaceOne: { filter: ImprunFilter<Doc>; replacement: Doc; upsert?: boolean } }
  | { deleteOne: { filter: ImprunFilter<Doc> } }
  | { deleteMany: { filter: ImprunFilter<Doc> } }
interface ImprunIndexOptions {
  name?: string
  unique?: boolean
  sparse?: boolean
  expireAfterSeconds?: number
  partialFilterExpression?: Record<string, any>
  collation?: Record<string, any>
  [option: string]: any
}
interface ImprunCollectionIndexes {
  /** @returns the name of the index */
  createIndex(keys: Record<string, any> | string, options?: ImprunIndexOptions): Promise<string>
  createIndexes(indexes: readonly (ImprunIndexOptions & { key: Record<string, any> })[]): Promise<string[]>
  dropIndex(name: string): Promise<unknown>
  dropIndexes(): Promise<boolean>
  listIndexes(): ImprunCursor<any>
  indexes(): Promise<any[]>
  indexExists(names: string | readonly string[]): Promise<boolean>
  drop(): Promise<boolean>
}
/** Operations that are given it as `session` belong together. */
interface ImprunSession {
  readonly hasEnded: boolean
  startTransaction(options?: Record<string, any>): void
  commitTransaction(): Promise<void>
  abortTransaction(): Promise<void>
  inTransaction(): boolean
  /** Commits what the work did, or undoes it when the work throws. Work that collides with another transaction is run again. */
  withTransaction<Result>(work: (session: ImprunSession) => Promise<Result>): Promise<Result>
  endSession(): Promise<void>
}
interface ImprunDatabase {
  collection<Doc extends object = ImprunDocument>(name: string): ImprunCollection<Doc>
  createCollection<Doc extends object = ImprunDocument>(name: string, options?: Record<string, any>): Promise<ImprunCollection<Doc>>
  collections(): Promise<ImprunCollection[]>
  listCollections(filter?: Record<string, any>): ImprunCursor<any>
  dropCollection(name: string): Promise<boolean>
  startSession(): ImprunSession
  /** A session with one transaction. */
  withTransaction<Result>(work: (session: ImprunSession) => Promise<Result>): Promise<Result>
}
/** What the database answered instead of a result. */
declare class ImprunMongoError extends Error {
  readonly code?: number | string
  readonly codeName?: string
  readonly errorLabels: readonly string[]
  readonly keyPattern?: Record<string, any>
  readonly keyValue?: Record<string, any>
  readonly writeErrors?: readonly { index: number; code: number; errmsg: string }[]
  hasErrorLabel(label: string): boolean
}

/** What the platform gives to every function. */
declare const imp: {
  /** The database of this environment. */
  db(): ImprunDatabase
  /**
   * Calls another function of this gateway and environment with `input` as its JSON body, and answers with its body.
   * @throws ImprunInvokeError
   */
  invoke<Result = any>(
    name: string,
    input?: unknown,
    options?: {
      /** At most the rest of the caller's own time, which is the default. */
      timeoutMs?: number
      headers?: Readonly<Record<string, string>>
    },
  ): Promise<Result>
  /** Work after the answer: this version stays until the promise settles, at most for its time limit. */
  waitUntil(promise: PromiseLike<unknown>): void
  /** The environment's variables as they are now: a change is seen by the next read, without publishing. */
  readonly env: Readonly<Record<string, string | undefined>>
  /** Id of the gateway, for example `hometax`. */
  readonly gateway: string
  readonly environment: 'dev' | 'staging' | 'prod'
  /** Lines in the function's log, by level; `console` writes there as well. */
  readonly log: Readonly<Record<'debug' | 'info' | 'warn' | 'error', (...values: unknown[]) => void>>
  readonly ObjectId: typeof ObjectId
  /** Values that MongoDB knows and JavaScript does not. */
  readonly Decimal128: any
  readonly Long: any
  readonly Int32: any
  readonly Double: any
  readonly Binary: any
  readonly UUID: any
  readonly Timestamp: any
  readonly BSONRegExp: any
  readonly DBRef: any
  readonly MinKey: any
  readonly MaxKey: any
  readonly MongoError: typeof ImprunMongoError
  readonly MongoServerError: typeof ImprunMongoError
  readonly MongoBulkWriteError: typeof ImprunMongoError
}
