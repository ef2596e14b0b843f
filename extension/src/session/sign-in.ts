import { createApiClient } from '../api/api-client.ts'
import type { Backend } from './backend.ts'

/**
 * Asks the backend whose token this is.
 * @throws ImprunError SIGN_IN_REQUIRED for a token it does not know, BACKEND_UNREACHABLE without an answer.
 */
export async function identify(
  target: { apiUrl: string; token: string; connectionFile?: string | undefined },
  fetchLike: typeof fetch = fetch,
): Promise<Backend> {
  const account = await createApiClient(() => target, fetchLike).call('getAccount', {})
  return {
    apiUrl: target.apiUrl,
    token: target.token,
    userId: account.userId,
    userName: account.name,
    ...(target.connectionFile ? { connectionFile: target.connectionFile } : {}),
  }
}
