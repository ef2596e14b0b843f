import { randomBytes } from 'node:crypto'
import { ObjectId } from 'mongodb'

/** Identity of every document: 24 hex characters that rise with time, so that sorting by `_id` is sorting by age. */
export const newId = (): string => new ObjectId().toHexString()

/** For what must not be guessed: 128 random bits, hex. */
export const newRandomId = (): string => randomBytes(16).toString('hex')
