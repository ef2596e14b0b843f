import { strict as assert } from 'node:assert'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { ensureDependencies } from './dependencies.mjs'

type Packages = Record<string, { version?: string; optional?: boolean; link?: boolean; resolved?: string }>
const express = { version: '5.3.0' }

async function givenRepository(packages: Packages) {
  const folder = await temporaryFolder()
  const repository = folder.path
  let installs = 0
  const lock = (content: Packages) => writeFile(join(repository, 'package-lock.json'), JSON.stringify({ packages: { '': {}, ...content } }))
  const record = async (content: Packages) => {
    await mkdir(join(repository, 'node_modules'), { recursive: true })
    await writeFile(join(repository, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: content }))
  }
  const install = async () => {
    installs += 1
    await mkdir(join(repository, 'node_modules'), { recursive: true })
  }
  await lock(packages)
  return {
    lock,
    record,
    ensure: () => ensureDependencies({ repository, node: process.execPath, install, say: () => {} }),
    installs: () => installs,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  }
}

describe('dependencies', () => {
  it('are installed once, by one of several that start together', async () => {
    await using given = await givenRepository({ 'node_modules/express': express })
    await Promise.all([given.ensure(), given.ensure(), given.ensure()])
    await given.ensure()
    assert.equal(given.installs(), 1)
  })

  it('are installed again when the lock file has changed', async () => {
    await using given = await givenRepository({ 'node_modules/express': express })
    await given.ensure()
    await given.lock({ 'node_modules/express': { version: '5.4.0' } })
    await given.ensure()
    assert.equal(given.installs(), 2)
  })

  it('stay when the developer installed just these, less those of other systems', async () => {
    await using given = await givenRepository({ 'node_modules/express': express, 'node_modules/fsevents': { version: '2.0.0', optional: true }, backend: {} })
    await given.record({ 'node_modules/express': express })
    await given.ensure()
    assert.equal(given.installs(), 0)
  })

  it('are installed when one has another version than the lock file wants', async () => {
    await using given = await givenRepository({ 'node_modules/express': express })
    await given.record({ 'node_modules/express': { version: '5.2.0' } })
    await given.ensure()
    assert.equal(given.installs(), 1)
  })
})
