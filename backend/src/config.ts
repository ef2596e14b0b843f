import { join, resolve } from 'node:path'
import { trustedProxiesSchema } from '@imprun/contracts/addresses/trusted-proxies'
import * as z from 'zod'
import type { NotifySettings } from './notifications/senders/senders.ts'
import type { NpmSettings } from './packages/npm.ts'
import { lockTtlMs } from './phases/claims.ts'
import { type LogLevel, logLevels } from './platform/log.ts'
import type { QuotaSettings } from './quotas/quotas.ts'

export interface Config {
  /** Everything of one installation: data, keys, logs. Absolute. */
  home: string
  /** Downloads that outlive an installation. */
  cacheFolder: string
  /** Where tools look for running backends. */
  stateFolder: string
  /** Undefined: the embedded MongoDB. */
  mongodbUri: string | undefined
  /** PATH: where an installed mongod is looked for. */
  searchPath: string
  npm: NpmSettings
  /** Undefined: made on the first start and kept in the home. */
  secretKey: Uint8Array | undefined
  userName: string
  api: { host: string; port: number; allowedHosts: readonly string[] }
  /** First port of the range for runtimes and its length; 0: any free one. */
  edge: { port: number; portsCount: number; trustedProxies: readonly string[] }
  runtime: {
    /** How many runtimes each region gets that does not say it. */
    count: number
    /** Regions that this backend has runtimes for. Undefined: all. */
    regionIds: readonly string[] | undefined
    leaseMs: number
    orphanMs: number
    spares: number
    idleMs: number
    memoryMb: number | undefined
    bell: (typeof bellKinds)[number]
  }
  quotas: QuotaSettings
  /** After how long without a word from it what a backend works on is taken over by another. */
  lockMs: number
  /** How long a gateway's deletion may take before a person should look. */
  deletionDeadlineMs: number
  /** How notifiers reach their services. */
  notify: NotifySettings
  /** Whether the first start makes the demo gateway. */
  hasDemo: boolean
  log: { level: LogLevel; to: 'file' | 'stderr' }
}

export interface Machine {
  homeFolder: string
  currentFolder: string
  userName: string
}

/** How a runtime hears of changes, see docs/configuration.md. */
const bellKinds = ['auto', 'mongo-stream', 'hub'] as const

const portMax = 65_535
const wholeNumber = (min: number, max: number, hint: string) =>
  z
    .string()
    .regex(/^\d+$/, hint)
    .transform(Number)
    .refine((value) => value >= min && value <= max, hint)
const port = wholeNumber(0, portMax, `Use a port from 1 to ${portMax}, or 0 for any free one.`)
const milliseconds = wholeNumber(0, 86_400_000, 'Use a whole number of milliseconds, at most a day.')

/** Every environment variable that the backend reads. An empty one counts as unset. */
const environmentSchema = z.object({
  IMPRUN_HOME: z.string().default('.imprun'),
  IMPRUN_CACHE: z.string().optional(),
  IMPRUN_STATE: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  XDG_STATE_HOME: z.string().optional(),
  PATH: z.string().default(''),
  MONGODB_URI: z
    .string()
    .regex(/^mongodb(\+srv)?:\/\/[^/?]+/, 'Use mongodb://host:port/?replicaSet=name or mongodb+srv://host.')
    .optional(),
  IMPRUN_SECRET_KEY: z
    .string()
    .regex(/^[0-9a-f]{64,}$/i, 'Use at least 64 hex digits, for example from: openssl rand -hex 32')
    .optional(),
  IMPRUN_API_HOST: z.string().default('127.0.0.1'),
  IMPRUN_API_PORT: port.default(7420),
  IMPRUN_API_ALLOWED_HOSTS: z.string().default(''),
  IMPRUN_EDGE_PORT: port.default(7421),
  IMPRUN_EDGE_PORTS: wholeNumber(1, 1000, 'Use a number of ports from 1 to 1000.').default(20),
  IMPRUN_TRUST_PROXY: trustedProxiesSchema,
  IMPRUN_RUNTIMES: wholeNumber(0, 32, 'Use a number from 0 to 32.').default(1),
  IMPRUN_REGIONS: z.string().optional(),
  IMPRUN_RUNTIME_LEASE_MS: wholeNumber(1_000, 86_400_000, 'Use a whole number of milliseconds, from 1000 to a day.').default(15_000),
  IMPRUN_RUNTIME_ORPHAN_MS: milliseconds.default(60_000),
  IMPRUN_RUNTIME_SPARES: wholeNumber(0, 16, 'Use a number from 0 to 16.').default(1),
  IMPRUN_RUNTIME_IDLE_MS: milliseconds.default(300_000),
  IMPRUN_RUNTIME_MEMORY_MB: wholeNumber(256, 16_777_216, 'Use a number of MiB from 256.').optional(),
  IMPRUN_RUNTIME_BELL: z.enum(bellKinds, { error: `Use one of ${bellKinds.join(', ')}.` }).default('auto'),
  IMPRUN_LOCK_MS: wholeNumber(1_000, 86_400_000, 'Use a whole number of milliseconds, from 1000 to a day.').default(lockTtlMs),
  IMPRUN_DELETION_DEADLINE_MS: milliseconds.default(5 * 60_000),
  IMPRUN_QUOTA_GATEWAYS: wholeNumber(1, 1_000_000, 'Use a number of gateways from 1.').default(1000),
  IMPRUN_QUOTA_FUNCTIONS: wholeNumber(1, 1_000_000, 'Use a number of functions from 1.').default(2000),
  IMPRUN_QUOTA_DATA_MB: wholeNumber(1, 16_777_216, 'Use a number of MiB from 1, or leave it out for no limit.').optional(),
  IMPRUN_TELEGRAM_API: z
    .url({ protocol: /^https?$/, error: 'Use the address of a Bot API server, for example https://api.telegram.org.' })
    .default('https://api.telegram.org'),
  IMPRUN_NOTIFY_HOSTS: z.string().default(''),
  IMPRUN_DEMO: z.enum(['on', 'off'], { error: 'Use on or off.' }).default('on'),
  IMPRUN_LOG_LEVEL: z.enum(logLevels, { error: `Use one of ${logLevels.join(', ')}.` }).default('info'),
  IMPRUN_LOG_TO: z.enum(['file', 'stderr'], { error: 'Use file or stderr.' }).default('file'),
})

/** How the user's npm reaches its registry. Nothing else of the environment goes to it: some of the rest is secret. */
const npmVariables =
  /^(?:HOME|USERPROFILE|APPDATA|LOCALAPPDATA|SystemRoot|TMPDIR|TEMP|TMP|LANG|(?:https?|all|no)_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(?:FILE|DIR)|npm_config_(?:registry|userconfig|globalconfig|cache|cafile|proxy|https_proxy|noproxy|strict_ssl|\/\/.*|@.*:registry))$/i

const npmEnvironmentOf = (given: Record<string, string | undefined>): Record<string, string> =>
  Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (npmVariables.test(name) && value !== undefined ? [[name, value]] : [])))

/** Separated by commas or spaces. */
const listOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean)

/** @throws Error with one line for each faulty variable; values are not repeated, because some are secret. */
export function parseConfig(environment: Readonly<Record<string, string | undefined>>, machine: Machine): Config {
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const parsed = environmentSchema.safeParse(given)
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`)
    throw new Error(['These environment variables cannot be used:', ...faults].join('\n'))
  }
  const env = parsed.data
  return Object.freeze({
    home: resolve(machine.currentFolder, env.IMPRUN_HOME),
    cacheFolder: resolve(env.IMPRUN_CACHE ?? join(env.XDG_CACHE_HOME ?? join(machine.homeFolder, '.cache'), 'imprun')),
    stateFolder: resolve(env.IMPRUN_STATE ?? join(env.XDG_STATE_HOME ?? join(machine.homeFolder, '.local', 'state'), 'imprun')),
    mongodbUri: env.MONGODB_URI,
    searchPath: env.PATH,
    npm: { searchPath: env.PATH, environment: npmEnvironmentOf(given) },
    secretKey: env.IMPRUN_SECRET_KEY === undefined ? undefined : Buffer.from(env.IMPRUN_SECRET_KEY, 'hex'),
    userName: machine.userName,
    api: { host: env.IMPRUN_API_HOST, port: env.IMPRUN_API_PORT, allowedHosts: listOf(env.IMPRUN_API_ALLOWED_HOSTS) },
    edge: { port: env.IMPRUN_EDGE_PORT, portsCount: env.IMPRUN_EDGE_PORTS, trustedProxies: env.IMPRUN_TRUST_PROXY },
    runtime: {
      count: env.IMPRUN_RUNTIMES,
      regionIds: env.IMPRUN_REGIONS === undefined ? undefined : listOf(env.IMPRUN_REGIONS),
      leaseMs: env.IMPRUN_RUNTIME_LEASE_MS,
      orphanMs: env.IMPRUN_RUNTIME_ORPHAN_MS,
      spares: env.IMPRUN_RUNTIME_SPARES,
      idleMs: env.IMPRUN_RUNTIME_IDLE_MS,
      memoryMb: env.IMPRUN_RUNTIME_MEMORY_MB,
      bell: env.IMPRUN_RUNTIME_BELL,
    },
    lockMs: env.IMPRUN_LOCK_MS,
    deletionDeadlineMs: env.IMPRUN_DELETION_DEADLINE_MS,
    quotas: { gatewaysPerUser: env.IMPRUN_QUOTA_GATEWAYS, functionsPerGateway: env.IMPRUN_QUOTA_FUNCTIONS, dataMbPerEnvironment: env.IMPRUN_QUOTA_DATA_MB },
    notify: { telegramApiUrl: env.IMPRUN_TELEGRAM_API.replace(/\/+$/, ''), allowedHosts: listOf(env.IMPRUN_NOTIFY_HOSTS) },
    hasDemo: env.IMPRUN_DEMO === 'on',
    log: { level: env.IMPRUN_LOG_LEVEL, to: env.IMPRUN_LOG_TO },
  })
}
