import { once } from 'node:events'
import { openSync } from 'node:fs'
import { homedir, userInfo } from 'node:os'
import { join } from 'node:path'
import { pino } from 'pino'
import { AlreadyRunningError, startBackend } from './backend.ts'
import { readyBanner } from './banner.ts'
import { type Config, parseConfig } from './config.ts'
import { makeHome } from './home/keys.ts'
import { createBoundedLogFile } from './platform/bounded-log-file.ts'
import { createLog, type Log, withoutSecrets } from './platform/log.ts'

/** 0: stopped as asked. 1: could not start, or broke. 2: settings cannot be used. 3: already running. */
const exitCodes = { stopped: 0, failed: 1, badSettings: 2, alreadyRunning: 3 } as const

const say = (line: string) => process.stdout.write(`${line}\n`)
const complain = (text: string) => process.stderr.write(`${withoutSecrets(text)}\n`)

function readConfig(): Config | undefined {
  try {
    return parseConfig(process.env, { homeFolder: homedir(), currentFolder: process.cwd(), userName: userInfo().username })
  } catch (error) {
    complain((error as Error).message)
    return undefined
  }
}

const keepBoundedEveryMs = 60_000

/** The log is a file unless somebody collects standard error: a terminal is for people. */
async function openLog({ home, log }: Config): Promise<Log> {
  if (log.to === 'stderr') return createLog(log.level)
  const file = createBoundedLogFile(join(home, 'logs', 'backend.log'))
  const opened = createLog(log.level, pino.destination({ fd: openSync(file.path, 'a', 0o600), sync: true }))
  const keepBounded = () => file.keepBounded().catch((error) => opened.warn({ error }, 'The log cannot be kept short'))
  await keepBounded()
  setInterval(keepBounded, keepBoundedEveryMs).unref()
  return opened
}

function logStrays(log: Log): void {
  process.on('unhandledRejection', (error) => log.error({ error }, 'A promise was rejected and nobody looked'))
  process.on('uncaughtExceptionMonitor', (error) => log.error({ error }, 'The backend breaks'))
}

async function main(): Promise<number> {
  const config = readConfig()
  if (!config) return exitCodes.badSettings
  const stop = listenForStop()
  const startedMs = performance.now()
  let log: Log | undefined
  try {
    await makeHome(config.home)
    log = await openLog(config)
    logStrays(log)
    const backend = await startBackend(config, { log, progress: (line) => say(`  ${line}`), signal: stop })
    say(readyBanner(backend, performance.now() - startedMs))
    if (!stop.aborted) await once(stop, 'abort')
    await backend.stop()
    return exitCodes.stopped
  } catch (error) {
    if (stop.aborted && error === stop.reason) return exitCodes.stopped
    if (error instanceof AlreadyRunningError) {
      say(error.message)
      return exitCodes.alreadyRunning
    }
    log?.error({ error }, 'The backend failed')
    complain(`\n${(error as Error).message}`)
    return exitCodes.failed
  }
}

// One Ctrl-C can come twice: from the terminal to the whole group, and from npm, which passes on what it gets.
const sameSignalWithinMs = 1_000

/** Fires at the first Ctrl-C or SIGTERM; a second one, meant as such, ends the process on the spot. */
function listenForStop(): AbortSignal {
  const stop = new AbortController()
  let firstAtMs = 0
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) {
        if (performance.now() - firstAtMs > sameSignalWithinMs) process.exit(exitCodes.failed)
        return
      }
      firstAtMs = performance.now()
      say('Stopping')
      stop.abort(new Error('Stopped while starting.'))
    })
  }
  return stop.signal
}

process.exitCode = await main()
// Whatever is still open (a log, a socket of a client that does not hang up) is not waited for.
process.exit()
