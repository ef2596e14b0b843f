import { ImprunError, problemSchema, type RunAnswer, runAnswerSchema, runHeader } from '@imprun/contracts'

/** Longer than any function may run; the runtime gives up first. */
const answerTimeoutMs = 310_000

/**
 * Has a runtime carry out a stored run. Ends the run when the signal fires.
 * @throws RUNTIME_UNREACHABLE, or what the runtime refused with
 */
export async function askRuntime(
  edgeUrl: string | undefined,
  place: { gatewayId: string; name: string },
  ticket: string,
  signal: AbortSignal,
): Promise<RunAnswer> {
  if (edgeUrl === undefined) throw new ImprunError('RUNTIME_UNREACHABLE', 'No runtime serves dev at the moment. Try again in a few seconds.')
  const limited = AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)])
  try {
    const answer = await fetch(`${edgeUrl}/${place.gatewayId}/dev/${place.name}`, { headers: { [runHeader]: ticket }, redirect: 'manual', signal: limited })
    const body: unknown = await answer.json()
    if (!answer.ok) throw refused(body)
    return runAnswerSchema.parse(body)
  } catch (error) {
    if (error instanceof ImprunError) throw error
    signal.throwIfAborted()
    throw new ImprunError('RUNTIME_UNREACHABLE', 'The runtime could not be reached. Try again in a few seconds.', { cause: error })
  }
}

/** A runtime that does not serve dev yet knows neither the gateway nor what a run is. */
function refused(body: unknown): ImprunError {
  const problem = problemSchema.safeParse(body).data
  if (problem?.code === 'WORKER_OVERLOADED') return new ImprunError('WORKER_OVERLOADED', 'Other runs in dev have not ended yet. Try again in a moment.')
  return new ImprunError('RUNTIME_UNREACHABLE', `The runtime did not run the code: ${problem?.detail ?? 'it gave no reason.'}`)
}
