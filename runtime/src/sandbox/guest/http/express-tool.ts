import { hostCalls } from '../../bridge.ts'
import { callHost } from '../host.ts'

const parse = JSON.parse
const stringify = JSON.stringify

/**
 * Asks the host's `expressTools`, whose packages are too heavy for every context.
 * @throws TypeError what the package throws
 */
export function askExpress(tool: string, ...values: unknown[]): unknown {
  const answer = callHost(hostCalls.expressTool, tool, stringify(values))
  if (typeof answer !== 'string') throw new TypeError(`The arguments are too long.`)
  const { value, error } = parse(answer) as { value?: unknown; error?: string }
  if (error !== undefined) throw new TypeError(error)
  return value
}

export function statusText(code: number): string {
  return (callHost(hostCalls.statusText, code) as string | undefined) ?? String(code)
}
