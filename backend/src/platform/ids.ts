import { randomBytes } from 'node:crypto'
import { ObjectId } from 'mongodb'

/** Identity of every document: 24 hex characters that rise with time, so that sorting by `_id` is sorting by age. */
export const newId = (): string => new ObjectId().toHexString()

/** Every id that is made at that moment or later is greater. */
export const firstIdAt = (at: Date): string => ObjectId.createFromTime(Math.floor(at.getTime() / 1000)).toHexString()

/** For what must not be guessed: 128 random bits, hex. */
export const newRandomId = (): string => randomBytes(16).toString('hex')
