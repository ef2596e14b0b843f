import type { ImprunFunction } from '@imprun/contracts'
import type { EditedRequest } from '@imprun/contracts/webviews/send-request'
import { sampleBody } from '../workspace/default-export.ts'

/** What a function that was never called from here is called with: a body made of the names that it reads, when it takes one. */
export function defaultRequest(source: string, methods: ImprunFunction['methods']): EditedRequest {
  const method = methods?.[0] ?? 'POST'
  if (method === 'GET') return { method, query: '', headers: [], body: '' }
  const body = JSON.stringify(sampleBody(source) ?? {}, null, 2)
  return { method, query: '', headers: [{ name: 'content-type', value: 'application/json' }], body }
}
