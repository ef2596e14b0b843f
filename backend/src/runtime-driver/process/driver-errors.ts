import { type ErrorCode, errorCodes, ImprunError, type LastError } from '@imprun/contracts'
import type { PortRange } from './port-choice.ts'

export const portsExhausted = ({ first, count }: PortRange) =>
  new ImprunError(
    'PORTS_EXHAUSTED',
    first === 0
      ? 'No port of this machine is free for the runtime. It starts by itself once one is.'
      : `Ports ${first} to ${first + count - 1} are all in use, so no runtime can start. Free one of them, or set IMPRUN_EDGE_PORT; it starts by itself then.`,
  )

export const runtimeEnded = (how: string, logFile: string) =>
  new ImprunError('RUNTIME_UNREACHABLE', `The runtime ended (${how}). It is started again by itself; its last words are in ${logFile}.`)

export const runtimeSilent = (afterMs: number) =>
  new ImprunError('RUNTIME_UNREACHABLE', `The runtime did not answer for ${afterMs / 1000} s and is started again.`)

export const runtimeNotUp = (afterMs: number, logFile: string) =>
  new ImprunError('RUNTIME_UNREACHABLE', `The runtime did not come up within ${afterMs / 1000} s. It is started again by itself; see ${logFile}.`)

export const runtimeRefused = (message: string) => new ImprunError('RUNTIME_NOT_ACKNOWLEDGED', `The runtime refuses the environment: ${message}`)

/** Why an environment cannot be served while no runtime runs. */
export const noRuntime = ({ code, message }: LastError) => new ImprunError(code in errorCodes ? (code as ErrorCode) : 'RUNTIME_UNREACHABLE', message)
