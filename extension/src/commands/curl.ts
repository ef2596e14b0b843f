import { sampleBody } from '../workspace/default-export.ts'

/** A line that calls a function, for a POSIX shell; its body is made from the names that the source takes out of `req.body`. */
export function curlLine(call: { url: string; source: string; methods?: readonly string[] | undefined; apiKey?: string | undefined }): string {
  const body = sampleBody(call.source)
  const method = call.methods?.[0] ?? (body ? 'POST' : 'GET')
  const parts = ['curl', ...(method === 'GET' || (method === 'POST' && body) ? [] : ['-X', method]), quote(call.url)]
  if (call.apiKey) parts.push('-H', quote(`apikey: ${call.apiKey}`))
  if (body && method !== 'GET') parts.push('-H', quote('content-type: application/json'), '-d', quote(JSON.stringify(body)))
  return parts.join(' ')
}

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`
