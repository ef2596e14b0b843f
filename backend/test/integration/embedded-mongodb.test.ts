import { strict as assert } from 'node:assert'
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ConnectedDatabase, connectDatabase } from '../../src/database/database.ts'
import { createEmbeddedMongodb, type EmbeddedMongodb } from '../../src/database/embedded/embedded-mongodb.ts'
import { findMongod } from '../../src/database/embedded/find-mongod.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { type Log, silentLog } from '../../src/platform/log.ts'
import { isAlive } from '../../src/platform/processes.ts'
import { endLeftBehind } from '../support/end-left-behind.ts'
import { eventually } from '../support/eventually.ts'
import { findTestMongod } from '../support/given-mongo.ts'

async function givenHome() {
  const home = await mkdtemp(join(tmpdir(), 'imprun-embedded-'))
  const keyFile = join(home, 'mongo.keyfile')
  await writeFile(keyFile, randomBytes(96).toString('base64'), { mode: 0o600 })
  const lives: EmbeddedMongodb[] = []
  const given = {
    home,
    keyFile,
    /** One life of a backend, as far as MongoDB is concerned. */
    newLife(more: { password?: string; mongodPath?: () => Promise<string>; log?: Log } = {}) {
      const life = createEmbeddedMongodb({
        home,
        keyFile,
        password: 'first',
        mongodPath: async () => (await findTestMongod()).path,
        clock: systemClock,
        log: silentLog,
        progress: () => {},
        ...more,
      })
      lives.push(life)
      return life
    },
    async startLife(more: { log?: Log } = {}) {
      const life = given.newLife(more)
      await life.start()
      return life
    },
    note: async () => JSON.parse(await readFile(join(home, 'run', 'mongod.json'), 'utf8')) as { pid: number; port: number },
    async [Symbol.asyncDispose]() {
      for (const life of lives) await life.stop()
      await endLeftBehind(home)
      await rm(home, { recursive: true, force: true })
    },
  }
  return given
}

async function withDatabase<T>(life: EmbeddedMongodb, work: (database: ConnectedDatabase) => Promise<T>): Promise<T> {
  const database = await connectDatabase(life.uri())
  try {
    return await work(database)
  } finally {
    await database.close()
  }
}
const write = (life: EmbeddedMongodb, text: string) => withDatabase(life, ({ sys }) => sys.collection('notes').insertOne({ text }))
const readAll = (life: EmbeddedMongodb) => withDatabase(life, async ({ sys }) => (await sys.collection('notes').find().toArray()).map(({ text }) => text))

describe('embedded MongoDB', function () {
  this.timeout(60_000)

  it('asks for a password, listens on loopback alone, ends with its backend and keeps its data', async () => {
    await using given = await givenHome()
    const first = await given.startLife()
    await write(first, 'kept')
    const address = new URL(first.uri())
    await assert.rejects(
      connectDatabase(`mongodb://127.0.0.1:${address.port}/?replicaSet=imprun`).then(async (database) => {
        await database.sys
          .collection('notes')
          .findOne()
          .finally(() => database.close())
      }),
      /requires authentication/,
    )
    const options = await withDatabase(first, ({ client }) => client.db('admin').command({ getCmdLineOpts: 1 }))
    assert.equal(options.parsed.net.bindIp, '127.0.0.1')
    const { pid } = await given.note()
    await first.stop()
    assert.equal(isAlive(pid), false)

    const second = await given.startLife()
    assert.equal(new URL(second.uri()).port, address.port)
    assert.deepEqual(await readAll(second), ['kept'])
  })

  it('is started again by itself after kill -9, with everything that was acknowledged', async () => {
    await using given = await givenHome()
    const life = await given.startLife()
    await write(life, 'acknowledged')
    const { pid } = await given.note()
    process.kill(pid, 'SIGKILL')
    await eventually(() => assert.equal(life.state(), 'restarting'))
    await eventually(() => assert.equal(life.state(), 'running'), 30_000)
    assert.notEqual((await given.note()).pid, pid)
    assert.deepEqual(await readAll(life), ['acknowledged'])
  })

  for (const [signal, why] of [
    ['SIGKILL', /killed from outside/],
    ['SIGABRT', /Got signal: 6/],
  ] as const)
    it(`is said to have died of ${signal}, in its own words where it had any`, async () => {
      await using given = await givenHome()
      const deaths: unknown[] = []
      await given.startLife({ log: { ...silentLog, error: (fields) => void deaths.push(fields.why) } })
      process.kill((await given.note()).pid, signal)
      await eventually(() => assert.match(String(deaths[0]), why), 30_000)
    })

  it('is taken over by the next backend when its own was killed, and never started twice', async () => {
    await using given = await givenHome()
    const killed = await given.startLife()
    const { pid } = await given.note()
    const next = given.newLife({ mongodPath: () => Promise.reject(new Error('No second one is started.')) })
    await next.start()
    assert.equal(next.pid(), pid)
    assert.equal(next.uri(), killed.uri())
  })

  it('takes another port when somebody has taken its own, and stays one replica set', async () => {
    await using given = await givenHome()
    const first = await given.startLife()
    await write(first, 'kept')
    const { port } = await given.note()
    await first.stop()
    const squatter = createServer((socket) => socket.destroy()).listen(port, '127.0.0.1')
    try {
      const second = await given.startLife()
      assert.notEqual((await given.note()).port, port)
      assert.deepEqual(await readAll(second), ['kept'])
    } finally {
      squatter.close()
    }
  })

  it('says that the data belongs to another key', async () => {
    await using given = await givenHome()
    await (await given.startLife()).stop()
    const other = given.newLife({ password: 'second' })
    await assert.rejects(other.start(), /another secret key.*IMPRUN_SECRET_KEY/)
    assert.equal(isAlive((await given.note()).pid), false)
  })

  const failures: [string, string, RegExp][] = [
    [
      'a library that is missing',
      'echo "mongod: error while loading shared libraries: libcurl.so.4: cannot open" >&2; exit 127',
      /libcurl\.so\.4.*apt-get install/,
    ],
    ['a disk that is full', 'echo "No space left on device" >&2; exit 14', /disk of .* is full.*IMPRUN_HOME/],
    ['too few files that it may open', 'echo "Too many open files" >&2; exit 14', /as many files as it needs.*ulimit -n/],
    ['data of another version', 'echo "UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion" >&2; exit 62', /another version of MongoDB.*IMPRUN_HOME/],
    ['data that another mongod works on', 'echo "DBPathInUse: Unable to lock the lock file" >&2; exit 100', /Another mongod works on/],
    ['a folder that may not be written', 'echo "Attempted to create a lock file on a read-only directory" >&2; exit 100', /may not write/],
    ['anything else', 'exit 9', /ended with code 9.*mongod\.log/],
  ]
  for (const [what, script, expected] of failures) {
    it(`says in one message what to do about ${what}`, async () => {
      await using given = await givenHome()
      const mongodPath = join(given.home, 'mongod')
      await writeFile(mongodPath, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
      await assert.rejects(given.newLife({ mongodPath: async () => mongodPath }).start(), expected)
    })
  }

  it('uses the mongod on PATH when it is new enough, else the one that was downloaded before', async () => {
    await using given = await givenHome()
    const put = async (folder: string, version: string) => {
      await mkdir(join(given.home, folder), { recursive: true })
      const path = join(given.home, folder, 'mongod')
      await writeFile(path, `#!/bin/sh\necho "db version v${version}"\n`)
      await chmod(path, 0o755)
      return path
    }
    const [old, cached] = [await put('old', '4.4.1'), await put('cached', '7.0.1')]
    await writeFile(join(given.home, 'mongod.json'), JSON.stringify({ path: cached }))
    const find = (searchPath: string) => findMongod({ searchPath, cacheFolder: given.home, progress: () => {} })
    assert.deepEqual(await find(join(old, '..')), { path: cached, version: '7.0.1' })
    const recent = await put('recent', '8.0.0')
    assert.deepEqual(await find(`${join(old, '..')}:${join(recent, '..')}`), { path: recent, version: '8.0.0' })
  })
})
