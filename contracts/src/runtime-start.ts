import * as z from 'zod'

/**
 * Options of Node.js for a runtime's process. It serves thousands of environments and holds little for each, but V8 keeps the memory of a peak, and by itself it
 * lets both the space for new objects and the heap grow far beyond what such a process needs (measured with 3,000 environments: 315 MiB, with these 154 to 170).
 */
export const runtimeNodeOptions: readonly string[] = ['--max-semi-space-size=16', '--heap-growing-percent=30']

/** Settings that a runtime is told at its standard input: its environment can be read by every process of the same user, for as long as it runs. */
const runtimeSecretNames: readonly string[] = ['IMPRUN_RUNTIME_TOKEN', 'IMPRUN_RUNTIME_MONGODB_URI']
const secretsVariable = 'IMPRUN_RUNTIME_SECRETS'
const secretsSchema = z.record(z.string(), z.string())

export interface RuntimeStart {
  /** For Node.js, before the main module. */
  nodeOptions: readonly string[]
  environment: Record<string, string>
  /** What it reads at its standard input, to the end. */
  input: string
}

/** How a runtime with these settings is started. */
export function runtimeStart(settings: Readonly<Record<string, string>>): RuntimeStart {
  const isSecret = ([name]: [string, string]): boolean => runtimeSecretNames.includes(name)
  const all = Object.entries(settings)
  return {
    nodeOptions: runtimeNodeOptions,
    environment: { ...Object.fromEntries(all.filter((setting) => !isSecret(setting))), [secretsVariable]: 'stdin' },
    input: JSON.stringify(Object.fromEntries(all.filter(isSecret))),
  }
}

type Variables = Readonly<Record<string, string | undefined>>

/**
 * The other end of it: all settings of the process that asks. One that was given its secrets in its environment goes by those.
 * @param readInput reads its standard input to the end; asked only where the secrets come that way
 * @throws Error when what comes there is not what `runtimeStart` makes
 */
export async function readRuntimeSettings(environment: Variables, readInput: () => Promise<string>): Promise<Variables> {
  if (environment[secretsVariable] !== 'stdin') return environment
  const secrets = secretsSchema.safeParse(parseJson(await readInput()))
  // What came may hold a secret, so none of it is repeated.
  if (!secrets.success) throw new Error('The standard input does not hold the secrets of a runtime as a JSON object.')
  return { ...environment, ...secrets.data }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
