import { strict as assert } from 'node:assert'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createBoundedLogFile } from './bounded-log-file.ts'

describe('the log of a runtime', () => {
  it('is cut while it is written, and what was there is kept once', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'imprun-log-'))
    try {
      const logFile = createBoundedLogFile(join(folder, 'logs', 'runtime.log'))
      await logFile.keepBounded()
      const writer = await logFile.open()
      await writer.write('x'.repeat(9 * 1024 * 1024))
      await logFile.keepBounded()
      await writer.write('after')
      await logFile.keepBounded()
      await writer.close()
      assert.equal(await readFile(logFile.path, 'utf8'), 'after')
      assert.equal((await stat(`${logFile.path}.1`)).size, 9 * 1024 * 1024)
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  })
})
