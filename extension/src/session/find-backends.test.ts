import { strict as assert } from 'node:assert'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { findBackends, stateFolder } from './find-backends.ts'

async function givenFolder() {
  const folder = await mkdtemp(path.join(tmpdir(), 'imprun-find-'))
  return {
    folder,
    async write(file: string, content: unknown) {
      const target = path.join(folder, file)
      await mkdir(path.dirname(target), { recursive: true })
      await writeFile(target, typeof content === 'string' ? content : JSON.stringify(content))
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}
const connection = (port: number) => ({ apiUrl: `http://localhost:${port}`, edgeUrl: 'http://localhost:7421', token: 'secret', pid: 7 })

describe('findBackends', () => {
  it('looks into the given home, the open folders and the pointers, nearest first', async () => {
    await using given = await givenFolder()
    await given.write('home/connection.json', connection(1))
    await given.write('work/.imprun/connection.json', connection(2))
    await given.write('elsewhere/connection.json', connection(3))
    await given.write('state/connections/abc.json', { home: path.join(given.folder, 'elsewhere') })
    const found = await findBackends({
      homes: [path.join(given.folder, 'home')],
      workspaceFolders: [path.join(given.folder, 'work')],
      stateFolder: path.join(given.folder, 'state'),
    })
    assert.deepEqual(
      found.map((backend) => backend.connection.apiUrl),
      ['http://localhost:1', 'http://localhost:2', 'http://localhost:3'],
    )
  })

  it('passes over what is missing, broken or pointing to nothing', async () => {
    await using given = await givenFolder()
    await given.write('home/connection.json', '{ not json')
    await given.write('state/connections/gone.json', { home: path.join(given.folder, 'gone') })
    await given.write('state/connections/odd.json', { house: 'x' })
    assert.deepEqual(await findBackends({ homes: [path.join(given.folder, 'home')], workspaceFolders: [], stateFolder: path.join(given.folder, 'state') }), [])
  })

  it('names a backend once that is found in two places', async () => {
    await using given = await givenFolder()
    await given.write('.imprun/connection.json', connection(1))
    const home = path.join(given.folder, '.imprun')
    const found = await findBackends({ homes: [home], workspaceFolders: [given.folder], stateFolder: '/nonexistent' })
    assert.equal(found.length, 1)
  })
})

describe('stateFolder', () => {
  it('prefers IMPRUN_STATE, then XDG_STATE_HOME, then the usual place in the home folder', () => {
    assert.equal(stateFolder({ IMPRUN_STATE: '/a', XDG_STATE_HOME: '/b' }, '/home/kim'), '/a')
    assert.equal(stateFolder({ XDG_STATE_HOME: '/b' }, '/home/kim'), '/b/imprun')
    assert.equal(stateFolder({}, '/home/kim'), '/home/kim/.local/state/imprun')
  })
})
