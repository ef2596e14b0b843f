import { fileURLToPath } from 'node:url'
import { MongoClient } from 'mongodb'
import { createAssignments } from './assignments/assignments.ts'
import { createControlServer } from './assignments/control-server.ts'
import type { Config } from './config.ts'
import { createFront } from './front/front.ts'
import type { Bell } from './front/functions/bell.ts'
import { chooseBell } from './front/functions/choose-bell.ts'
import { createHubBell } from './front/functions/hub-bell.ts'
import { createMongoStreamBell, streamsMax } from './front/functions/mongo-stream-bell.ts'
import type { Observe } from './front/observe.ts'
import type { Log } from './platform/log.ts'

export interface Runtime {
  /** Begins to listen on the edge port and then on the control socket. @returns the edge port @throws the system's error when the port is taken */
  start(): Promise<number>
  /** Accepts no more, finishes what runs, leaves nothing behind. May be called again. */
  stop(): Promise<void>
}

export interface RuntimePorts {
  bell: (client: MongoClient) => Bell
  observe: Observe
}

const workerPath = fileURLToPath(new URL('./worker/main.ts', import.meta.url))
// A read that finds no server gives up after so long; requests that need one wait no longer either.
const serverSelectionTimeoutMs = 5_000

/** Workers reach the same server, so they read what its address names. */
function tlsFilesOf(mongodbUri: string): string[] {
  const options = new URLSearchParams(mongodbUri.split('?', 2)[1] ?? '')
  return [...options].flatMap(([name, value]) => (/^tls(CA|CRL|CertificateKey)File$/i.test(name) ? value : []))
}

/** @param onWishToLeave the driver said stop, or left this runtime alone for too long */
export function composeRuntime(config: Config, log: Log, onWishToLeave: () => void, replace: Partial<RuntimePorts> = {}): Runtime {
  // Each change stream holds a connection of the pool while it waits.
  const client = new MongoClient(config.mongodbUri, {
    appName: `imprun-front-${config.runtimeId}`.slice(0, 100),
    serverSelectionTimeoutMS: serverSelectionTimeoutMs,
    maxPoolSize: streamsMax + 100,
  })
  const hub = createHubBell(log)
  const front = createFront({
    runtimeId: config.runtimeId,
    host: config.host,
    port: config.port,
    baseDomains: config.baseDomains,
    spares: config.spares,
    idleMs: config.idleMs,
    memoryMb: config.memoryMb,
    httpClasses: config.httpClasses,
    trustedProxies: config.trustedProxies,
    program: { path: workerPath, files: tlsFilesOf(config.mongodbUri) },
    client,
    bell: replace.bell?.(client) ?? chooseBell(config.bell, createMongoStreamBell(client, log), hub),
    log,
    observe: replace.observe ?? ((event) => log.debug({ ...event }, 'front')),
  })
  let stopped: Promise<void> | undefined
  const drain = (): Promise<void> => {
    stopped ??= front.stop()
    return stopped
  }
  const control = createControlServer({
    path: config.controlPath,
    token: config.token,
    runtimeId: config.runtimeId,
    port: () => front.port,
    assignments: createAssignments(front),
    onBell: (address) => hub.setAddress(address),
    drain,
    onStop: onWishToLeave,
    orphanMs: config.orphanMs,
    onOrphaned: () => {
      log.warn({ orphanMs: config.orphanMs }, 'No driver has been here for too long; the runtime leaves.')
      onWishToLeave()
    },
    log,
  })
  return {
    async start() {
      const port = await front.start()
      await control.listen()
      return port
    },
    async stop() {
      await drain()
      await control.close()
      await hub.close()
      await client.close()
    },
  }
}
