import { trustedProxiesSchema } from '@imprun/contracts/addresses/trusted-proxies'
import * as z from 'zod'
import { bellKinds } from './front/functions/choose-bell.ts'
import { type HttpClassesWish, httpClassesWishes } from './front/http/exchange/choose-exchange.ts'
import { defaultMemoryBudgetMb } from './front/supervision/memory-budget.ts'
import { runtimeLogLevels } from './platform/log.ts'

const wholeNumber = (name: string, min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, `${name} must be a whole number.`)
    .transform(Number)
    .pipe(z.number().min(min, `${name} must be at least ${min}.`).max(max, `${name} must be at most ${max}.`))
const text = (name: string) => z.string({ error: `${name} is missing.` }).min(1, `${name} is empty.`)

const variablesSchema = z.object({
  IMPRUN_RUNTIME_ID: text('IMPRUN_RUNTIME_ID'),
  IMPRUN_RUNTIME_TOKEN: text('IMPRUN_RUNTIME_TOKEN'),
  IMPRUN_RUNTIME_HOST: z.string().default('127.0.0.1'),
  IMPRUN_RUNTIME_PORT: wholeNumber('IMPRUN_RUNTIME_PORT', 0, 65_535).default(0),
  // sun_path holds 108 bytes with its closing zero; a longer path would be cut off in silence by some systems.
  IMPRUN_RUNTIME_CONTROL: text('IMPRUN_RUNTIME_CONTROL').refine(
    (path) => Buffer.byteLength(path) <= 107,
    'IMPRUN_RUNTIME_CONTROL is longer than the 107 bytes a unix socket path may have.',
  ),
  IMPRUN_RUNTIME_MONGODB_URI: text('IMPRUN_RUNTIME_MONGODB_URI').refine(
    (uri) => /^mongodb(\+srv)?:\/\//.test(uri),
    'IMPRUN_RUNTIME_MONGODB_URI must begin with mongodb:// or mongodb+srv://.',
  ),
  IMPRUN_BASE_DOMAINS: z.string().default('localhost'),
  IMPRUN_TRUST_PROXY: trustedProxiesSchema,
  IMPRUN_RUNTIME_ORPHAN_MS: wholeNumber('IMPRUN_RUNTIME_ORPHAN_MS', 0, 86_400_000).default(60_000),
  IMPRUN_RUNTIME_SPARES: wholeNumber('IMPRUN_RUNTIME_SPARES', 0, 16).default(1),
  IMPRUN_RUNTIME_IDLE_MS: wholeNumber('IMPRUN_RUNTIME_IDLE_MS', 100, 86_400_000).default(300_000),
  IMPRUN_RUNTIME_BELL: z.enum(bellKinds, { error: `IMPRUN_RUNTIME_BELL must be one of ${bellKinds.join(', ')}.` }).default('auto'),
  IMPRUN_RUNTIME_MEMORY_MB: wholeNumber('IMPRUN_RUNTIME_MEMORY_MB', 256, 16_777_216).optional(),
  IMPRUN_RUNTIME_HTTP: z.enum(httpClassesWishes, { error: `IMPRUN_RUNTIME_HTTP must be one of ${httpClassesWishes.join(', ')}.` }).default('auto'),
  IMPRUN_LOG_LEVEL: z.enum(runtimeLogLevels, { error: `IMPRUN_LOG_LEVEL must be one of ${runtimeLogLevels.join(', ')}.` }).default('info'),
})

export type Config = Readonly<{
  runtimeId: string
  token: string
  host: string
  /** 0 = any free one. */
  port: number
  controlPath: string
  mongodbUri: string
  baseDomains: readonly string[]
  trustedProxies: readonly string[]
  /** How long the runtime lives on without a control connection. 0 = for ever. */
  orphanMs: number
  spares: number
  idleMs: number
  bell: (typeof bellKinds)[number]
  /** What all workers together may take before those that nobody needs leave, in MiB. */
  memoryMb: number
  /** Which classes `node:http` makes for requests: `node` takes its own, slower ones. */
  httpClasses: HttpClassesWish
  logLevel: (typeof runtimeLogLevels)[number]
}>

export class ConfigError extends Error {
  readonly faults: readonly string[]
  constructor(faults: readonly string[]) {
    super(`The runtime's settings have ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`)
    this.name = 'ConfigError'
    this.faults = faults
  }
}

/** @throws ConfigError naming every fault at once; no value is repeated in it, because some are secret. */
export function parseConfig(variables: Readonly<Record<string, string | undefined>>): Config {
  const parsed = variablesSchema.safeParse(variables)
  if (!parsed.success) throw new ConfigError(parsed.error.issues.map((issue) => issue.message))
  const { data } = parsed
  return Object.freeze({
    runtimeId: data.IMPRUN_RUNTIME_ID,
    token: data.IMPRUN_RUNTIME_TOKEN,
    host: data.IMPRUN_RUNTIME_HOST,
    port: data.IMPRUN_RUNTIME_PORT,
    controlPath: data.IMPRUN_RUNTIME_CONTROL,
    mongodbUri: data.IMPRUN_RUNTIME_MONGODB_URI,
    baseDomains: data.IMPRUN_BASE_DOMAINS.split(',')
      .map((domain) => domain.trim().toLowerCase())
      .filter((domain) => domain !== ''),
    trustedProxies: data.IMPRUN_TRUST_PROXY,
    orphanMs: data.IMPRUN_RUNTIME_ORPHAN_MS,
    spares: data.IMPRUN_RUNTIME_SPARES,
    idleMs: data.IMPRUN_RUNTIME_IDLE_MS,
    bell: data.IMPRUN_RUNTIME_BELL,
    memoryMb: data.IMPRUN_RUNTIME_MEMORY_MB ?? defaultMemoryBudgetMb(),
    httpClasses: data.IMPRUN_RUNTIME_HTTP,
    logLevel: data.IMPRUN_LOG_LEVEL,
  })
}
