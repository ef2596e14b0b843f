import { strict as assert } from 'node:assert'
import { access, readdir, readFile, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isAlive } from '../../src/platform/processes.ts'
import { runBackendProcess } from '../support/backend-process.ts'
import { eventually } from '../support/eventually.ts'
import { givenBackend } from '../support/given-backend.ts'

const callDemo = async (edgeUrl: string) => {
  const answer = await fetch(`${edgeUrl}/hometax/dev/calculateTax`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ income: 50_000_000, deductions: 10_000_000 }),
  })
  return (await answer.json()) as unknown
}
const exists = (path: string) =>
  access(path).then(
    () => true,
    () => false,
  )
const processEnv = { PATH: process.env.PATH ?? '', TMPDIR: tmpdir() }
const mongodPid = async (home: string) => JSON.parse(await readFile(join(home, 'run', 'mongod.json'), 'utf8')).pid as number

describe('backend process', function () {
  this.timeout(120_000)

  it('brings up MongoDB, runtime and demo, leaves nothing running, and takes up where it was', async () => {
    await using given = await givenBackend({ asProcess: true, mongodb: 'embedded', hasDemo: true })
    assert.deepEqual(await callDemo(given.connection.edgeUrl), { tax: 8_800_000 })
    assert.equal((await stat(join(given.home, 'connection.json'))).mode & 0o777, 0o600)
    assert.deepEqual(
      await Promise.all(
        (await readdir(join(given.stateFolder, 'connections'))).map((name) => readFile(join(given.stateFolder, 'connections', name), 'utf8').then(JSON.parse)),
      ),
      [{ home: given.home }],
    )
    const pid = await mongodPid(given.home)

    const { exitCode, output } = await given.stop()
    assert.equal(exitCode, 0)
    assert.match(output, /curl .*calculateTax/)
    assert.equal(isAlive(pid), false)
    assert.equal(await exists(join(given.home, 'connection.json')), false)
    assert.deepEqual(await readdir(join(given.stateFolder, 'connections')), [])

    await given.start()
    assert.deepEqual(await callDemo(given.connection.edgeUrl), { tax: 8_800_000 })
    assert.equal((await given.api.call('listReleases', { params: { gatewayId: 'hometax', functionId: 'calculateTax' } })).items.length, 1)
  })

  it('adopts MongoDB and runtime after kill -9, and nobody who calls functions notices', async () => {
    await using given = await givenBackend({ asProcess: true, mongodb: 'embedded', hasDemo: true })
    const pid = await mongodPid(given.home)
    const { edgeUrl } = given.connection
    await given.kill()
    assert.deepEqual(await callDemo(edgeUrl), { tax: 8_800_000 })

    await given.start()
    assert.equal(await mongodPid(given.home), pid)
    assert.equal(given.connection.edgeUrl, edgeUrl)
    assert.deepEqual(await callDemo(edgeUrl), { tax: 8_800_000 })
  })

  it('brings MongoDB back when it is killed, answers 503 with Retry-After meanwhile, and everything resumes', async () => {
    await using given = await givenBackend({ asProcess: true, mongodb: 'embedded', hasDemo: true })
    process.kill(await mongodPid(given.home), 'SIGSTOP')
    const refusal = await given.api.refusal('listGateways')
    assert.equal(refusal.code, 'DATABASE_UNAVAILABLE')
    process.kill(await mongodPid(given.home), 'SIGKILL')
    await eventually(async () => assert.equal((await given.api.call('listGateways')).items.length, 1), 30_000)
    await given.api.call('saveFunction', {
      params: { gatewayId: 'hometax', functionId: 'calculateTax' },
      query: { publish: 'dev' },
      body: { code: 'export default async (req, res) => res.json({ tax: 1 })' },
    })
    await eventually(async () => assert.deepEqual(await callDemo(given.connection.edgeUrl), { tax: 1 }), 30_000)
  })

  it('refuses a second start on the same home and says where the first one is', async () => {
    await using given = await givenBackend({ asProcess: true })
    const { exitCode, output } = await runBackendProcess({ ...processEnv, IMPRUN_HOME: given.home, IMPRUN_STATE: given.stateFolder })
    assert.equal(exitCode, 3)
    assert.ok(output.includes(`already running on ${given.home}: ${given.connection.apiUrl}`), output)
    assert.equal((await given.api.call('getAccount')).userId.length, 24)
  })

  it('names every setting that cannot be used, and repeats no value', async () => {
    const { exitCode, output } = await runBackendProcess({ ...processEnv, IMPRUN_API_PORT: 'http', IMPRUN_SECRET_KEY: 'hunter2', IMPRUN_DEMO: 'maybe' })
    assert.equal(exitCode, 2)
    for (const name of ['IMPRUN_API_PORT', 'IMPRUN_SECRET_KEY', 'IMPRUN_DEMO']) assert.ok(output.includes(name), output)
    assert.ok(!output.includes('hunter2'))
  })

  it('says that the API port is taken and leaves nothing running', async () => {
    await using given = await givenBackend()
    const { port } = new URL(given.connection.apiUrl)
    await assert.rejects(givenBackend({ asProcess: true, env: { IMPRUN_API_PORT: port } }), new RegExp(`Port ${port} .*IMPRUN_API_PORT`))
  })
})
