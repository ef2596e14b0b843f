import type { ContextFacts } from '../bridge.ts'
import { bsonTypes } from './data/bson-types.ts'
import { database } from './data/database.ts'
import { mongoErrors } from './data/mongo-errors.ts'
import { invoke } from './lifecycle/invoke.ts'
import { waitUntil } from './lifecycle/wait-until.ts'
import { impLog } from './log.ts'
import { env } from './variables.ts'

const imp = {
  ...bsonTypes,
  ...mongoErrors,
  gateway: '',
  environment: '',
  env,
  log: impLog,
  db: database,
  invoke,
  waitUntil,
}

Object.defineProperty(globalThis, 'imp', { value: imp, writable: false, configurable: false, enumerable: false })
Object.defineProperty(globalThis, 'ObjectId', { value: bsonTypes.ObjectId, writable: true, configurable: true, enumerable: false })

export function setImpFacts(facts: ContextFacts): void {
  imp.gateway = facts.gatewayId
  imp.environment = facts.environment
  Object.freeze(imp)
}
