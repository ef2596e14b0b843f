import { readdir, readFile } from 'node:fs/promises'
import { gatewayDatabaseName, type Phase, sysDatabaseName } from '@imprun/contracts'
import type { Document } from 'mongodb'
import type { Database } from '../../src/database/database.ts'
import { homeDigest } from '../../src/platform/socket-folder.ts'

/** All that exists because of one gateway, with its id replaced, so that those of several can be compared. */
export interface Inventory {
  /** Documents per collection and database; what runtimes write by themselves is left out. */
  documents: Record<string, number>
  users: string[]
  /** How often fronts are allowed to watch its database. */
  privileges: number
  phases: Record<string, Phase>
}

/** Written by runtimes when something is called, and by every request. */
const comesAndGoes = /\.(?:__logs|__stats|__runs|__runtimes)$|^sys_db\.(?:auditLog|idempotencyKeys)$/

export async function readInventory(database: Database, gatewayId: string): Promise<Inventory> {
  const admin = database.client.db('admin')
  const { databases } = await admin.admin().listDatabases({ nameOnly: true })
  const own = gatewayDatabaseName(gatewayId)
  const theirs = databases.map(({ name }) => name).filter((name) => name === own || name.startsWith(`${own}_`))
  const counted = await Promise.all([countIn(database, sysDatabaseName, { gatewayId }), ...theirs.map((name) => countIn(database, name, {}))])
  const { users } = await admin.command({ usersInfo: 1 })
  const { roles } = await admin.command({ rolesInfo: 1, showPrivileges: true })
  const phased = await Promise.all(['apiGateways', 'environments'].map((name) => database.sys.collection(name).find({ gatewayId }).toArray()))
  const anonymous = (text: string) => text.replaceAll(gatewayId, '<id>')
  return {
    documents: Object.fromEntries(counted.flat().map(([name, count]) => [anonymous(name), count])),
    users: (users as { user: string }[])
      .filter(({ user }) => user.includes(`_${gatewayId}_`))
      .map(({ user }) => anonymous(user))
      .sort(),
    privileges: (roles as Document[]).flatMap(({ privileges }) => privileges as Document[]).filter(({ resource }) => resource.db === own).length,
    phases: Object.fromEntries(phased.flat().map(({ environment = 'gateway', phase }) => [environment, phase])),
  }
}

async function countIn(database: Database, name: string, filter: Document): Promise<[name: string, count: number][]> {
  const collections = (await database.named(name).listCollections({}, { nameOnly: true }).toArray()).map((collection) => collection.name).sort()
  const told = collections.filter((collection) => !comesAndGoes.test(`${name}.${collection}`))
  const counts = await Promise.all(told.map((collection) => database.named(name).collection(collection).countDocuments(filter)))
  return told
    .map((collection, index): [string, number] => [`${name}.${collection}`, counts[index] ?? 0])
    .filter(([, count]) => name !== sysDatabaseName || count > 0)
}

/** What nobody may leave behind, whoever it was for. */
export async function readLoose(database: Database): Promise<{ transactions: number; runningKeys: number; openDeployments: number }> {
  const open = await database.client
    .db('admin')
    .aggregate([{ $currentOp: { allUsers: true, idleSessions: true } }, { $match: { 'transaction.parameters.autocommit': false } }], {
      readConcern: { level: 'local' },
    })
    .toArray()
  return {
    transactions: open.length,
    runningKeys: await database.sys.collection('idempotencyKeys').countDocuments({ state: 'running', lockedAt: { $gt: new Date(0) } }),
    openDeployments: await database.sys.collection('deployments').countDocuments({ isOpen: true }),
  }
}

/** What a home's backend has on its machine and in the database for its runtimes, whoever they serve. */
export interface Machine {
  runtimes: number
  /** Children of its runtimes, warm spares included. */
  workers: number
  /** Leases of ports, runtimes that all backends are told of, and users of fronts: one of each per runtime. */
  leases: number
  known: number
  users: number
}

export async function readMachine(database: Database, home: string): Promise<Machine> {
  const runtimes = await listRuntimes(home)
  const { users } = await database.client.db('admin').command({ usersInfo: 1 })
  const [leases, known] = await Promise.all(['portLeases', 'runtimes'].map((name) => database.sys.collection(name).countDocuments()))
  return {
    runtimes: runtimes.length,
    workers: (await Promise.all(runtimes.map(listWorkers))).flat().length,
    leases: leases ?? 0,
    known: known ?? 0,
    users: (users as { user: string }[]).filter(({ user }) => user.startsWith('imprun_front_')).length,
  }
}

/** Process ids of a runtime's workers. Linux only. */
export async function listWorkers(runtimePid: number): Promise<number[]> {
  const children = await readFile(`/proc/${runtimePid}/task/${runtimePid}/children`, 'utf8').catch(() => '')
  return children.trim().split(' ').filter(Boolean).map(Number)
}

/** Process ids of the runtimes that this home's backend has started. Linux only. */
export async function listRuntimes(home: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter(Number.isInteger)
  const found = await Promise.all(
    pids.map(async (pid) => {
      const [command, variables] = await Promise.all(['cmdline', 'environ'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')))
      return command?.includes('imprun-runtime-') && variables?.includes(homeDigest(home)) ? pid : undefined
    }),
  )
  return found.filter((pid) => pid !== undefined)
}
