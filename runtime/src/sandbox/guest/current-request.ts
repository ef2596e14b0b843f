/**
 * Which request the code now running belongs to. Every entry into the isolate serves one request (a call, a timer of it, a result for it), and what an
 * entry starts inherits it, so one variable is enough; `await` needs no tracking.
 */
export interface CurrentRequest {
  /** The host's number of the call. */
  readonly call: number
  readonly id: string
}

let current: CurrentRequest | undefined

export function currentRequest(): CurrentRequest | undefined {
  return current
}

export function enterRequest(request: CurrentRequest | undefined): void {
  current = request
}
