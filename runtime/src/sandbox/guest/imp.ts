import type { ContextFacts } from '../bridge.ts'
import type * as DataApi from './data/data-api.ts'
import { data } from './data/lazy-data.ts'
import { defineLater } from './define-global.ts'
import { invoke } from './lifecycle/invoke.ts'
import { waitUntil } from './lifecycle/wait-until.ts'
import { impLog } from './log.ts'
import { env } from './variables.ts'

const imp = {
  gateway: '',
  environment: '',
  env,
  log: impLog,
  db: (name?: unknown) => data().database(name),
  invoke,
  waitUntil,
}

type DataClasses = typeof DataApi.bsonTypes & typeof DataApi.mongoErrors
/** Named here as well, because asking the classes for their names would make them. */
const dataClassNames = {
  ...{ Binary: true, BSONRegExp: true, BSONSymbol: true, Code: true, DBRef: true, Decimal128: true, Double: true, Int32: true, Long: true, MaxKey: true },
  ...{ MinKey: true, ObjectId: true, Timestamp: true, UUID: true },
  ...{ MongoError: true, MongoServerError: true, MongoBulkWriteError: true },
} satisfies Record<keyof DataClasses, true>

const dataClass = (name: string): unknown => {
  const { bsonTypes, mongoErrors } = data()
  return (name in bsonTypes ? bsonTypes : mongoErrors)[name as never]
}
for (const name of Object.keys(dataClassNames)) Object.defineProperty(imp, name, { get: () => dataClass(name), enumerable: true })
Object.defineProperty(globalThis, 'imp', { value: imp, writable: false, configurable: false, enumerable: false })
defineLater('ObjectId', () => data().bsonTypes.ObjectId)

export function setImpFacts(facts: ContextFacts): void {
  imp.gateway = facts.gatewayId
  imp.environment = facts.environment
  Object.freeze(imp)
}
