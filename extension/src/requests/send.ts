import type { EditedRequest, SendRequestToWebview } from '@imprun/contracts/webviews/send-request'

export type Sent = Extract<SendRequestToWebview, { type: 'answered' }>

const bodyCharactersMax = 512 * 1024

/**
 * Sends a request as any caller does. Redirects are shown, not followed.
 * @throws whatever fetch throws when no answer came
 */
export async function sendRequest(
  url: string,
  request: EditedRequest,
  apiKey: string | undefined,
  signal: AbortSignal,
  fetchLike: typeof fetch = fetch,
): Promise<Sent> {
  const { method, query, headers, body } = request
  const given = new Headers(headers.filter(({ name }) => name.trim() !== '').map(({ name, value }): [string, string] => [name.trim(), value]))
  if (apiKey !== undefined) given.set('apikey', apiKey)
  const startedAtMs = performance.now()
  const answer = await fetchLike(query === '' ? url : `${url}?${query}`, {
    method,
    headers: given,
    redirect: 'manual',
    signal,
    ...(body === '' || method === 'GET' ? {} : { body }),
  })
  const bytes = Buffer.from(await answer.arrayBuffer())
  const durationMs = performance.now() - startedAtMs
  const text = toText(bytes, answer.headers.get('content-type'))
  return {
    type: 'answered',
    status: answer.status,
    statusText: answer.statusText,
    durationMs,
    headers: [...answer.headers],
    body: text.slice(0, bodyCharactersMax),
    bytes: bytes.length,
    isTruncated: text.length > bodyCharactersMax,
  }
}

/** JSON is laid out to be read; what is no text is told by its size and its first bytes. */
function toText(bytes: Buffer, type: string | null): string {
  const text = bytes.toString('utf8')
  if (text.includes('\ufffd') || text.includes('\0'))
    return `${bytes
      .subarray(0, 256)
      .toString('hex')
      .replace(/(.{2})/g, '$1 ')
      .trim()}${bytes.length > 256 ? ' …' : ''}`
  return /json/i.test(type ?? '') ? layOut(text) : text
}

export function layOut(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}
