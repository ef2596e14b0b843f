import * as z from 'zod'

/** Who may call a route: anyone, or a signed-in person who may read what it names (a stranger sees 404). */
export type Role = 'anyone' | 'user'

export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** Express 5 path. `functionId` is a name, an id, or URL-encoded `<environment>/<name>`. */
  readonly path: string
  readonly summary: string
  readonly role: Role
  readonly tag: string
  readonly query?: z.ZodObject
  readonly body?: z.ZodType
  /** Status and body of success; `events` marks an SSE stream whose every `data` is `response`. */
  readonly status: 200 | 201 | 202 | 204
  /** The handler may answer 202 instead, with the same document: it goes on, and the document tells how far it is. */
  readonly alsoAccepted?: true
  readonly response?: z.ZodType
  readonly kind?: 'events'
  /** Asked for as `text/event-stream`, the same route stays open and sends these. */
  readonly tail?: z.ZodType
}

/** What a removal answers. */
export const removedSchema = z.object({}).meta({ id: 'Removed' })
