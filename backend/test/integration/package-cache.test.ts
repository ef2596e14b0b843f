import { strict as assert } from 'node:assert'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isImprunError } from '@imprun/contracts'
import { createNpm } from '../../src/packages/npm.ts'
import { createPackageCache, type PackageCacheOptions } from '../../src/packages/package-cache.ts'
import { givenRegistry } from '../support/given-registry.ts'

const packageOf = (name: string, version: string, text = 'exports.value = 1') => ({ name, version, files: { 'index.js': text } })

async function givenCache(more: Partial<PackageCacheOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'imprun-cache-'))
  const registry = await givenRegistry([packageOf('one', '1.0.0'), packageOf('two', '1.0.0'), packageOf('large', '1.0.0', `// ${'x'.repeat(200_000)}`)])
  const npm = createNpm({ searchPath: process.env.PATH ?? '', environment: { ...registry.env, HOME: folder } })
  return {
    folder,
    registry,
    cache: createPackageCache({ folder, npm, ...more }),
    folders: async () => (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name)),
    drafts: () => readdir(join(folder, '.drafts')),
    async [Symbol.asyncDispose]() {
      await registry[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work
  } catch (error) {
    if (isImprunError(error)) return error.code
    throw error
  }
  return 'done'
}

describe('the cache of packages', () => {
  it('makes one folder for one lock, however many install it at once', async () => {
    await using given = await givenCache()
    const made = await Promise.all([1, 2, 3].map(() => given.cache.install({ one: '^1.0.0' })))
    assert.equal(new Set(made.map(({ lockHash }) => lockHash)).size, 1)
    assert.deepEqual(await given.folders(), [made[0]?.lockHash])
    assert.deepEqual(await given.drafts(), [])
    assert.doesNotMatch(made[0]?.lock ?? '', /127\.0\.0\.1/, 'the lock names no registry')
  })

  it('brings a folder back once for all who miss it, and asks nobody when it is there', async () => {
    await using given = await givenCache()
    const dependencies = { one: '^1.0.0', two: '1.0.0' }
    const { lock, lockHash } = await given.cache.install(dependencies)
    await rm(join(given.folder, lockHash), { recursive: true })
    await Promise.all([1, 2, 3].map(() => given.cache.ensure({ lock, lockHash, dependencies })))
    assert.deepEqual(
      (await readdir(join(given.folder, lockHash, 'node_modules'))).filter((name) => !name.startsWith('.')),
      ['one', 'two'],
    )
    await given.registry.close()
    await given.cache.ensure({ lock, lockHash, dependencies })
  })

  it('removes what a killed backend left half-made, and what no gateway refers to', async () => {
    await using given = await givenCache()
    const one = await given.cache.install({ one: '1.0.0' })
    const two = await given.cache.install({ two: '1.0.0' })
    await mkdir(join(given.folder, '.drafts', 'half', 'node_modules'), { recursive: true })
    await given.cache.collect(new Set([two.lockHash]))
    assert.deepEqual([await given.folders(), await given.drafts()], [[two.lockHash], []])
    assert.notEqual(one.lockHash, two.lockHash)
  })

  it('stops at its limits of size and time, and leaves nothing behind', async () => {
    await using small = await givenCache({ bytesMax: 100_000 })
    assert.equal(await codeOf(small.cache.install({ large: '1.0.0' })), 'PACKAGES_TOO_LARGE')
    await using short = await givenCache({ timeoutMs: 1 })
    assert.equal(await codeOf(short.cache.install({ one: '1.0.0' })), 'REGISTRY_UNREACHABLE')
    assert.deepEqual([await small.folders(), await small.drafts(), await short.folders(), await short.drafts()], [[], [], [], []])
  })
})
