export { bsonTypes } from './bson-types.ts'
export { database } from './database.ts'
export { mongoErrors } from './mongo-errors.ts'
export { settleTicket } from './tickets.ts'
