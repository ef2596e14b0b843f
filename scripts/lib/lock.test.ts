import { strict as assert } from 'node:assert'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { temporaryFolder } from '../../test/support/temporary-folder.ts'
import { withLock } from './lock.mjs'

describe('withLock', () => {
  it('lets one holder in at a time and tells the others that they wait', async () => {
    await using folder = await temporaryFolder()
    const lock = join(folder.path, 'a', 'lock')
    let inside = 0
    let waiting = 0
    const release = Promise.withResolvers<void>()
    const enter = async () => {
      inside += 1
      assert.equal(inside, 1)
      await release.promise
      inside -= 1
    }
    const onWait = () => {
      waiting += 1
      if (waiting === 2) release.resolve()
    }
    await Promise.all([1, 2, 3].map(() => withLock(lock, { onWait }, enter)))
    assert.equal(waiting, 2)
    assert.ok(!existsSync(lock))
  })

  it('takes over the lock of a holder that has died, and leaves nothing of it', async () => {
    await using folder = await temporaryFolder()
    const lock = join(folder.path, 'lock')
    const { pid } = spawnSync(process.execPath, ['--version'])
    await mkdir(lock)
    await writeFile(join(lock, 'pid'), String(pid))
    let inside = 0
    let most = 0
    const enter = async () => {
      inside += 1
      most = Math.max(most, inside)
      await readdir(lock)
      inside -= 1
    }
    await Promise.all(Array.from({ length: 10 }, () => withLock(lock, {}, enter)))
    assert.equal(most, 1)
    assert.deepEqual(await readdir(folder.path), [])
  })

  it('is free again after work that failed', async () => {
    await using folder = await temporaryFolder()
    const lock = join(folder.path, 'lock')
    await assert.rejects(
      withLock(lock, {}, async () => {
        throw new Error('no space left')
      }),
      /no space left/,
    )
    assert.equal(await withLock(lock, {}, async () => 'in'), 'in')
  })
})
