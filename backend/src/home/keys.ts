import { randomBytes } from 'node:crypto'
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { newAccessToken } from '../accounts/account-store.ts'

export interface Keys {
  /** Everything secret is derived from it. */
  secretKey: Uint8Array
  /** By which the members of a replica set know each other; a path, because mongod reads it itself. */
  mongoKeyFile: string
  /** Of the local user. */
  accessToken: string
}

const secretKeyBytes = 32
const keyFileBytes = 96

/** Makes the folders of the home, closed to other users. @throws Error with a sentence for people. */
export const makeHome = (home: string): Promise<void> =>
  explaining(home, async () => {
    for (const path of [home, ...['keys', 'run', 'logs'].map((name) => join(home, name))]) await mkdir(path, { recursive: true, mode: 0o700 })
  })

/** Reads the keys, and makes them on the first start. @throws Error with a sentence for people. */
export const loadKeys = (home: string, givenSecretKey: Uint8Array | undefined): Promise<Keys> =>
  explaining(home, async () => {
    const inFolder = (name: string) => join(home, 'keys', name)
    const secretKey = givenSecretKey ?? Buffer.from(await readOrMake(inFolder('secret.key'), () => randomBytes(secretKeyBytes).toString('hex')), 'hex')
    if (secretKey.length < secretKeyBytes) throw new Error(`${inFolder('secret.key')} is damaged: it has to hold 64 hex digits. Bring back a copy of it.`)
    await readOrMake(inFolder('mongo.keyfile'), () => randomBytes(keyFileBytes).toString('base64'))
    return { secretKey, mongoKeyFile: inFolder('mongo.keyfile'), accessToken: await readOrMake(inFolder('token'), newAccessToken) }
  })

async function explaining<T>(home: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException
    if (code === 'ENOSPC') throw new Error(`The disk of ${home} is full. Free some space, or set IMPRUN_HOME to a folder on another disk.`)
    if (code === undefined) throw error
    throw new Error(`${path ?? home} cannot be used (${code}). Give it to your user, or set IMPRUN_HOME to another folder.`)
  }
}

/** Two first starts at once end with the same content: it is written aside and put in place only where nothing is. */
async function readOrMake(path: string, make: () => string): Promise<string> {
  const existing = await readIfThere(path)
  if (existing) return existing
  const draft = `${path}.${process.pid}`
  await writeFile(draft, make(), { mode: 0o600 })
  try {
    if (existing === '') await rm(path)
    await link(draft, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  } finally {
    await rm(draft, { force: true })
  }
  return (await readFile(path, 'utf8')).trim()
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}
