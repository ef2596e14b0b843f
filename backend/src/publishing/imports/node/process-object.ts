declare const imp: { env: Record<string, string> }

const ignore = () => processObject
const startedAtMs = performance.now()

/** Node's `process`, as far as it makes sense without one. There is no `versions.node`: packages ask for it before they do what only Node can. */
export const processObject = {
  /** The environment's variables, as they are now. */
  get env(): Record<string, string> {
    return imp.env
  },
  argv: [] as string[],
  execArgv: [] as string[],
  browser: true,
  exitCode: undefined,
  pid: 1,
  platform: 'linux',
  arch: '',
  title: 'imprun',
  version: 'v24.0.0',
  versions: {},
  release: {},
  cwd: () => '/',
  umask: () => 0,
  uptime: () => (performance.now() - startedAtMs) / 1000,
  nextTick(callback: (...values: unknown[]) => void, ...values: unknown[]): void {
    queueMicrotask(() => callback(...values))
  },
  hrtime: Object.assign(
    (since: [number, number] = [0, 0]): [number, number] => {
      const ns = BigInt(Math.round(performance.now() * 1e6)) - (BigInt(since[0]) * 1_000_000_000n + BigInt(since[1]))
      return [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)]
    },
    { bigint: () => BigInt(Math.round(performance.now() * 1e6)) },
  ),
  emitWarning(warning: unknown): void {
    console.warn(warning instanceof Error ? warning.message : String(warning))
  },
  exit(): never {
    throw new Error('A function has no process to end: return, or throw an error.')
  },
  on: ignore,
  once: ignore,
  off: ignore,
  addListener: ignore,
  removeListener: ignore,
  removeAllListeners: ignore,
  emit: () => false,
  listeners: () => [],
  listenerCount: () => 0,
}
