import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'
import { mkdir, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface MongodSettings {
  mongodPath: string
  dataFolder: string
  keyFile: string
  logFile: string
  extraArgs?: readonly string[]
}

export interface MongodProcess {
  pid: number
  /** Undefined while it runs. */
  ended(): { code: number | null; signal: NodeJS.Signals | null } | undefined
  onEnd(listener: () => void): void
}

export const replicaSetName = 'imprun'
/** A laptop runs more than this database. The server's own default is half of the memory. */
const cacheGb = 0.25
/** Change streams resume from the oplog; this holds hours of a laptop's writes. */
const oplogMb = 256
/**
 * Nobody reads the past here. The server's own default keeps it, and the files of all that was dropped, for five minutes: whoever makes and deletes many
 * gateways runs out of file descriptors then, which ends mongod.
 */
const historySeconds = 5
const logBytesMax = 16 * 1024 * 1024

/**
 * Starts `mongod` in a session of its own: the terminal's Ctrl-C does not reach it, and it outlives a backend that was killed.
 * What it says before its log is open goes to `<logFile>.out`.
 * @throws the system's error when the program cannot be started.
 */
export async function spawnMongod(settings: MongodSettings, port: number): Promise<MongodProcess> {
  await mkdir(settings.dataFolder, { recursive: true, mode: 0o700 })
  await mkdir(dirname(settings.logFile), { recursive: true, mode: 0o700 })
  await setLongLogAside(settings.logFile)
  const output = openSync(outputFileOf(settings), 'w', 0o600)
  try {
    const child = spawn(settings.mongodPath, mongodArgs(settings, port), { detached: true, stdio: ['ignore', output, output], env: bareEnvironment })
    await spawned(child)
    // The backend waits for it by itself; a caller that forgets to stop it must still be able to end.
    child.unref()
    return watchChild(child)
  } finally {
    closeSync(output)
  }
}

export const outputFileOf = (settings: Pick<MongodSettings, 'logFile'>): string => `${settings.logFile}.out`

function mongodArgs(settings: MongodSettings, port: number): string[] {
  return [
    ...['--port', String(port), '--bind_ip', '127.0.0.1', '--replSet', replicaSetName],
    ...['--dbpath', settings.dataFolder, '--logpath', settings.logFile, '--logappend', '--quiet'],
    ...['--auth', '--keyFile', settings.keyFile],
    ...['--wiredTigerCacheSizeGB', String(cacheGb), '--oplogSize', String(oplogMb), '--setParameter', 'diagnosticDataCollectionEnabled=false'],
    ...['--setParameter', `minSnapshotHistoryWindowInSeconds=${historySeconds}`],
    // Passwords are random bits of full length, so rounds that make guessing slow make only users and connections slow. This is the least that it takes.
    ...['--setParameter', 'scramSHA256IterationCount=5000'],
    ...(process.platform === 'win32' ? [] : ['--nounixsocket']),
    ...(settings.extraArgs ?? []),
  ]
}

/** Nothing of the backend's environment is mongod's business. */
const bareEnvironment: NodeJS.ProcessEnv = { LANG: 'C' }

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
}

function watchChild(child: ChildProcess): MongodProcess {
  let end: ReturnType<MongodProcess['ended']>
  child.once('exit', (code, signal) => {
    end = { code, signal }
  })
  return { pid: child.pid as number, ended: () => end, onEnd: (listener) => void child.once('exit', listener) }
}

async function setLongLogAside(logFile: string): Promise<void> {
  const size = await stat(logFile).then(
    (found) => found.size,
    () => 0,
  )
  if (size > logBytesMax) await rename(logFile, `${logFile}.1`)
}
