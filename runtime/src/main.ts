import { text } from 'node:stream/consumers'
import { readRuntimeSettings } from '@imprun/contracts'
import { composeRuntime } from './compose.ts'
import { ConfigError, parseConfig } from './config.ts'
import { createLog, describeError } from './platform/log.ts'

/** 0 stopped; 143 told twice to stop; 2 a fault in the settings; 3 the port is taken; 1 anything else. */
const exitCodes = { stopped: 0, failed: 1, configFault: 2, portTaken: 3, forced: 143 } as const

async function run(): Promise<void> {
  const config = parseConfig(await readRuntimeSettings(process.env, () => text(process.stdin)))
  const log = createLog(config.logLevel, { runtimeId: config.runtimeId, pid: process.pid })
  let isLeaving = false
  const leave = (): void => {
    if (isLeaving) return
    isLeaving = true
    runtime.stop().then(
      () => process.exit(exitCodes.stopped),
      (error: unknown) => {
        log.error({ error }, 'The runtime could not stop in order.')
        process.exit(exitCodes.failed)
      },
    )
  }
  const runtime = composeRuntime(config, log, leave)
  let isTold = false
  process.on('SIGTERM', () => {
    // Whoever says it twice does not want to wait. Workers end with their sockets.
    if (isTold) process.exit(exitCodes.forced)
    isTold = true
    leave()
  })
  process.on('SIGINT', leave)
  process.on('unhandledRejection', (error) => log.error({ error }, 'A promise was rejected and nobody looked.'))
  try {
    const port = await runtime.start()
    log.info({ port }, 'The runtime listens.')
  } catch (error) {
    await runtime.stop().catch(() => {})
    throw error
  }
}

run().catch((error: unknown) => {
  const isPortTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
  const code = error instanceof ConfigError ? exitCodes.configFault : isPortTaken ? exitCodes.portTaken : exitCodes.failed
  process.stderr.write(`${error instanceof ConfigError ? error.message : describeError(error).message}\n`, () => process.exit(code))
})
