/**
 * A front that serves thousands of environments, in a process of its own so that its memory is its own. Its bell is silent: a change stream for each gateway is
 * what the bench leaves out. Speaks with its parent over IPC.
 */
import { randomBytes } from 'node:crypto'
import { composeRuntime } from '../../runtime/src/compose.ts'
import { parseConfig } from '../../runtime/src/config.ts'
import { createLog } from '../../runtime/src/platform/log.ts'
import { createMemoryBell } from '../../runtime/test/support/memory-bell.ts'

const config = parseConfig(process.env)
const runtime = composeRuntime(config, createLog(config.logLevel, {}), () => process.exit(0), { bell: () => createMemoryBell(), observe: () => {} })
const port = await runtime.start()
process.send?.({ port, id: randomBytes(4).toString('hex') })
process.on('message', () => {
  // Twice, because what the first one frees may hold what the second one finds.
  global.gc?.()
  global.gc?.()
  process.send?.({ heapBytes: process.memoryUsage().heapUsed, rssBytes: process.memoryUsage.rss() })
})
process.on('disconnect', () => void runtime.stop().finally(() => process.exit(0)))
