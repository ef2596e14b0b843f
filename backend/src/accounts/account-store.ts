import { randomBytes } from 'node:crypto'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import type { Caller } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import { sha256Hex } from '../platform/secrets.ts'

interface StoredUser {
  _id: string
  name: string
  createdAt: Date
  /** Once made, the demo gateway is the user's to delete. */
  hadDemo?: boolean
}

interface StoredAccessToken {
  _id: string
  userId: string
  /** The user's name, so that letting a caller in costs one read. */
  userName: string
  name: string
  /** sha256 of the whole token, hex. The token has 256 random bits, so it needs no salt. */
  hash: string
  createdAt: Date
}

export interface SignedIn {
  account: Caller
  tokenId: string
}

export interface AccountStore {
  /** @returns undefined for a token that nobody has. */
  findByToken(token: string): Promise<SignedIn | undefined>
  /** The user of that name, made when missing. */
  ensureUser(name: string): Promise<Caller>
  /** Lets `token` in as that user. Safe to repeat. */
  ensureToken(token: string, user: Caller, name: string): Promise<void>
  hadDemo(userId: string): Promise<boolean>
  noteDemo(userId: string): Promise<void>
}

const tokenBytes = 32
export const newAccessToken = (): string => `imp_user_${randomBytes(tokenBytes).toString('base64url')}`

export function createAccountStore({ database, clock }: { database: Database; clock: Clock }): AccountStore {
  const users = database.sys.collection<StoredUser>('users')
  const tokens = database.sys.collection<StoredAccessToken>('accessTokens')
  return {
    async findByToken(token) {
      const found = await tokens.findOne({ hash: sha256Hex(token) })
      return found ? { account: { userId: found.userId, name: found.userName }, tokenId: found._id } : undefined
    },
    async ensureUser(name) {
      const user = await users.findOneAndUpdate({ name }, { $setOnInsert: { _id: newId(), createdAt: clock.now() } }, { upsert: true, returnDocument: 'after' })
      if (!user) throw new Error('MongoDB did not answer the user it has just made.')
      return { userId: user._id, name: user.name }
    },
    async ensureToken(token, user, name) {
      const hash = sha256Hex(token)
      try {
        await tokens.updateOne(
          { hash },
          { $set: { userId: user.userId, userName: user.name }, $setOnInsert: { _id: newId(), name, createdAt: clock.now() } },
          { upsert: true },
        )
      } catch (error) {
        if (!isDuplicateKey(error)) throw error
      }
    },
    hadDemo: async (userId) => (await users.findOne({ _id: userId }))?.hadDemo === true,
    async noteDemo(userId) {
      await users.updateOne({ _id: userId }, { $set: { hadDemo: true } })
    },
  }
}
