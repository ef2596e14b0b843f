import type { EnvironmentName } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { FunctionStore, StoredFunction } from '../functions/function-store.ts'
import { type NewDeployment, type StoredDeployment, startedAt } from './stored-deployment.ts'

/**
 * Saves that come faster than they are served would each be loaded by every runtime only to be replaced at once. Whoever meets nobody starts at once, and so
 * does every next one of a caller who waits for each answer. Once one meets another, the next start is so long after the last, and all but the newest of
 * those that come meanwhile give way. The function's document tells until when, so that backends agree, and so that a save, which writes it anyway, is told
 * for nothing.
 */
export const paceMs = 250

type Paced = Pick<StoredFunction, 'pacedUntil'>

/** Never more than one pace, however far the clocks of two backends are apart. */
export function restMsOf({ pacedUntil }: Paced, environment: EnvironmentName, now: Date): number {
  const until = pacedUntil?.[environment]
  return until === undefined ? 0 : Math.min(Math.max(0, until.getTime() - now.getTime()), paceMs)
}

/** So lately that one which waited may not have started yet. */
export function wasPaced({ pacedUntil }: Paced, environment: EnvironmentName, now: Date): boolean {
  const until = pacedUntil?.[environment]
  return until !== undefined && now.getTime() - until.getTime() < paceMs
}

/** One that met others has come in, or started: the next start is a pace after its own, or after that of the one that it waits for. */
export async function keepPace(
  functions: Pick<FunctionStore, 'pace'>,
  current: Paced,
  entered: StoredDeployment,
  open: readonly StoredDeployment[],
  session: ClientSession,
): Promise<void> {
  const { functionId, environment } = entered
  const running = [entered, ...open].find((each) => each.functionId === functionId && each.lane !== undefined)
  if (!running) return
  const until = new Date(startedAt(running).getTime() + paceMs)
  const isKnown = running !== entered && until <= (current.pacedUntil?.[environment] ?? new Date(0))
  if (!isKnown) await functions.pace(functionId, environment, until, session)
}

/** Those of a lane that one has met when it came are superseded, or wait as well. */
export const meeting = (drafted: NewDeployment, hasMet: boolean): NewDeployment => (hasMet ? { ...drafted, metOthers: true } : drafted)
