/**
 * Which request the code now running belongs to. Every entry into the isolate serves one request (a call, a timer of it, a result for it), and what an
 * entry starts inherits it, so one variable is enough; `await` needs no tracking.
 */
export interface CurrentRequest {
  /** The host's number of the call. */
  readonly call: number
  readonly id: string
  /** Set when its time is up and nobody waits for it: what its code still asks for fails with this. */
  over: Error | undefined
  /** Operations of the database that it has begun. */
  dataOperations: number
}

let current: CurrentRequest | undefined
const endings: ((request: CurrentRequest, reason: Error) => void)[] = []

export function currentRequest(): CurrentRequest | undefined {
  return current
}

export function enterRequest(request: CurrentRequest | undefined): void {
  current = request
}

/** To be called by whatever keeps a request's code going. @throws why the request is over, if it is */
export function assertNotOver(): void {
  if (current?.over !== undefined) throw current.over
}

/** Told when a request is over: to end what it still waits for. */
export function onRequestOver(end: (request: CurrentRequest, reason: Error) => void): void {
  endings.push(end)
}

export function endRequest(request: CurrentRequest, reason: Error): void {
  request.over = reason
  for (const end of endings) end(request, reason)
}
