import { randomBytes } from 'node:crypto'
import { type AccessToken, ImprunError, type PageQuery } from '@imprun/contracts'
import type { Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { containing, decodeCursor } from '../database/paging.ts'
import type { Caller } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import { sha256Hex } from '../platform/secrets.ts'

export interface StoredUser {
  _id: string
  name: string
  createdAt: Date
  /** Of the installation: may add people and change regions. The local user is one. */
  isAdmin?: boolean
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
  /** Absent: a person's. */
  kind?: 'service'
}

export type ListedToken = Omit<StoredAccessToken, 'hash'>

export interface SignedIn {
  account: Caller
  tokenId: string
}

export interface AccountStore {
  /** @returns undefined for a token that nobody has. */
  findByToken(token: string): Promise<SignedIn | undefined>
  /** The administrator of that name, made when missing. */
  ensureUser(name: string): Promise<Caller>
  /** Lets `token` in as that user. Safe to repeat. */
  ensureToken(token: string, user: Caller, name: string): Promise<void>
  /** @returns the token's text, which nobody can be told again. */
  createToken(userId: string, facts: { name: string; kind: AccessToken['kind'] }): Promise<{ token: string; stored: ListedToken }>
  /** Newest first; one more than the limit when there is a next page. */
  listTokens(userId: string, query: PageQuery): Promise<ListedToken[]>
  /** @throws ACCESS_TOKEN_NOT_FOUND */
  removeToken(userId: string, tokenId: string): Promise<void>
  /** A further person with a first token of theirs. @throws USER_NAME_TAKEN */
  createUser(name: string): Promise<{ user: Caller; token: string; tokenId: string }>
  /** @throws USER_NOT_FOUND */
  getUser(userId: string): Promise<Caller>
  isAdmin(userId: string): Promise<boolean>
  /** By name; one more than the limit when there is a next page. */
  listUsers(query: PageQuery): Promise<StoredUser[]>
  hadDemo(userId: string): Promise<boolean>
  noteDemo(userId: string): Promise<void>
}

const userNameTaken = (name: string) =>
  new ImprunError('USER_NAME_TAKEN', `There is a person "${name}" already. Choose another name.`, {
    errors: [{ field: 'name', message: 'This name is taken.' }],
  })

const tokenBytes = 32
export const newAccessToken = (): string => `imp_user_${randomBytes(tokenBytes).toString('base64url')}`

export function createAccountStore({ database, clock }: { database: Database; clock: Clock }): AccountStore {
  const users = database.sys.collection<StoredUser>('users')
  const tokens = database.sys.collection<StoredAccessToken>('accessTokens')
  const getUser = async (userId: string) => {
    const user = await users.findOne({ _id: userId })
    if (!user) throw new ImprunError('USER_NOT_FOUND', `There is no person ${userId} here. GET /users lists those there are.`)
    return user
  }
  const issueToken = async (user: StoredUser, { name, kind }: { name: string; kind: AccessToken['kind'] }) => {
    const token = newAccessToken()
    const service = kind === 'service' ? { kind: 'service' as const } : {}
    const stored: StoredAccessToken = {
      _id: newId(),
      userId: user._id,
      userName: user.name,
      name,
      ...service,
      hash: sha256Hex(token),
      createdAt: clock.now(),
    }
    await tokens.insertOne(stored)
    return { token, stored }
  }
  return {
    async findByToken(token) {
      const found = await tokens.findOne({ hash: sha256Hex(token) })
      if (!found) return undefined
      const name = found.kind === 'service' ? `${found.userName} (${found.name})` : found.userName
      return { account: { userId: found.userId, name, ...(found.kind === 'service' ? { isAutomation: true } : {}) }, tokenId: found._id }
    },
    async ensureUser(name) {
      const user = await users.findOneAndUpdate(
        { name },
        { $set: { isAdmin: true }, $setOnInsert: { _id: newId(), createdAt: clock.now() } },
        { upsert: true, returnDocument: 'after' },
      )
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
    createToken: async (userId, facts) => issueToken(await getUser(userId), facts),
    listTokens: (userId, { limit, cursor }) =>
      tokens
        .find({ userId, ...(cursor ? { _id: { $lt: decodeCursor(cursor) } } : {}) })
        .sort({ _id: -1 })
        .limit(limit + 1)
        .project<ListedToken>({ hash: 0 })
        .toArray(),
    async removeToken(userId, tokenId) {
      const { deletedCount } = await tokens.deleteOne({ _id: tokenId, userId })
      if (deletedCount === 0) throw new ImprunError('ACCESS_TOKEN_NOT_FOUND', `You have no access token ${tokenId}.`)
    },
    async createUser(name) {
      const user: StoredUser = { _id: newId(), name, createdAt: clock.now() }
      try {
        await users.insertOne(user)
      } catch (error) {
        throw isDuplicateKey(error) ? userNameTaken(name) : error
      }
      const { token, stored } = await issueToken(user, { name: 'first', kind: 'person' })
      return { user: { userId: user._id, name }, token, tokenId: stored._id }
    },
    async getUser(userId) {
      const { _id, name } = await getUser(userId)
      return { userId: _id, name }
    },
    isAdmin: async (userId) => (await users.findOne({ _id: userId }, { projection: { isAdmin: 1 } }))?.isAdmin === true,
    listUsers({ limit, cursor, filter }) {
      const conditions: Filter<StoredUser>[] = [{}]
      if (cursor) conditions.push({ name: { $gt: decodeCursor(cursor) } })
      if (filter) conditions.push({ name: containing(filter) })
      return users
        .find({ $and: conditions })
        .sort({ name: 1 })
        .limit(limit + 1)
        .toArray()
    },
    hadDemo: async (userId) => (await users.findOne({ _id: userId }))?.hadDemo === true,
    async noteDemo(userId) {
      await users.updateOne({ _id: userId }, { $set: { hadDemo: true } })
    },
  }
}
