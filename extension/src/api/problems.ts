import { ImprunError, problemSchema } from '@imprun/contracts/errors'

/** Makes the error again that the backend told as a problem document (RFC 9457); other bodies become INTERNAL or SIGN_IN_REQUIRED by status. */
export async function readProblem(response: Response): Promise<ImprunError> {
  const body: unknown = await response.json().catch(() => undefined)
  const parsed = problemSchema.safeParse(body)
  const retryAfterS = Number(response.headers.get('retry-after') ?? Number.NaN)
  if (parsed.success) {
    const { code, detail, errors, facts, requestId } = parsed.data
    return new ImprunError(code, detail, {
      ...(errors ? { errors } : {}),
      facts: { ...facts, requestId },
      ...(Number.isFinite(retryAfterS) ? { retryAfterS } : {}),
    })
  }
  if (response.status === 401) return new ImprunError('SIGN_IN_REQUIRED', 'The backend does not accept this access token. Sign in again.')
  return new ImprunError('INTERNAL', `The backend answered ${response.status} without saying why.`)
}

export function backendUnreachable(apiUrl: string, cause?: unknown): ImprunError {
  return new ImprunError('BACKEND_UNREACHABLE', `No answer from ${apiUrl}. Is the backend running?`, { cause })
}
