import * as z from 'zod'

interface ErrorTraits {
  /** HTTP status of the answer. */
  readonly status: number
  /** Who can make it go away. */
  readonly fixedBy: 'caller' | 'system'
  /** Whether the same call may be sent again: never, or later (with Retry-After where the status allows it). */
  readonly retry: 'never' | 'later'
}

/** Every way imprun can fail, in one table. Callers compare `code`, never class or text. */
export const errorCodes = {
  INPUT_INVALID: { status: 400, fixedBy: 'caller', retry: 'never' },
  BODY_NOT_JSON: { status: 400, fixedBy: 'caller', retry: 'never' },
  BODY_TOO_LARGE: { status: 413, fixedBy: 'caller', retry: 'never' },
  REQUEST_INVALID: { status: 400, fixedBy: 'caller', retry: 'never' },
  SIGN_IN_REQUIRED: { status: 401, fixedBy: 'caller', retry: 'never' },
  API_KEY_REQUIRED: { status: 401, fixedBy: 'caller', retry: 'never' },
  QUOTA_EXCEEDED: { status: 403, fixedBy: 'caller', retry: 'never' },
  FORBIDDEN: { status: 403, fixedBy: 'caller', retry: 'never' },
  ROUTE_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  METHOD_NOT_ALLOWED: { status: 405, fixedBy: 'caller', retry: 'never' },
  GATEWAY_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  ENVIRONMENT_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  FUNCTION_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  RELEASE_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  DEPLOYMENT_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  APPLICATION_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  GRANT_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  ACCESS_TOKEN_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  USER_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  MEMBER_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  NOTIFIER_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  VARIABLE_VERSION_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  TOOL_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  REGION_NOT_FOUND: { status: 404, fixedBy: 'caller', retry: 'never' },
  REGION_ID_TAKEN: { status: 409, fixedBy: 'caller', retry: 'never' },
  REGION_IN_USE: { status: 409, fixedBy: 'caller', retry: 'never' },
  REGION_PROTECTED: { status: 403, fixedBy: 'caller', retry: 'never' },
  REGION_UNREACHABLE: { status: 503, fixedBy: 'system', retry: 'later' },
  GATEWAY_ID_TAKEN: { status: 409, fixedBy: 'caller', retry: 'never' },
  GATEWAY_BEING_DELETED: { status: 409, fixedBy: 'caller', retry: 'never' },
  FUNCTION_NAME_TAKEN: { status: 409, fixedBy: 'caller', retry: 'never' },
  APPLICATION_NAME_TAKEN: { status: 409, fixedBy: 'caller', retry: 'never' },
  GRANT_EXISTS: { status: 409, fixedBy: 'caller', retry: 'never' },
  TOOL_NAME_TAKEN: { status: 409, fixedBy: 'caller', retry: 'never' },
  REVISION_STALE: { status: 409, fixedBy: 'caller', retry: 'never' },
  STAGE_ORDER_VIOLATED: { status: 409, fixedBy: 'caller', retry: 'never' },
  NO_RELEASE_IN_ENVIRONMENT: { status: 409, fixedBy: 'caller', retry: 'never' },
  ENVIRONMENT_NOT_STARTED: { status: 409, fixedBy: 'caller', retry: 'later' },
  USER_NAME_TAKEN: { status: 409, fixedBy: 'caller', retry: 'never' },
  ENVIRONMENT_FROZEN: { status: 409, fixedBy: 'caller', retry: 'later' },
  APPROVERS_TOO_FEW: { status: 409, fixedBy: 'caller', retry: 'never' },
  APPROVAL_NOT_AWAITED: { status: 409, fixedBy: 'caller', retry: 'never' },
  APPROVAL_REJECTED: { status: 409, fixedBy: 'caller', retry: 'never' },
  APPROVAL_EXPIRED: { status: 409, fixedBy: 'caller', retry: 'never' },
  APPROVAL_VOID: { status: 409, fixedBy: 'caller', retry: 'never' },
  DEPLOYMENT_CANCELLED: { status: 409, fixedBy: 'caller', retry: 'never' },
  ENVIRONMENT_HELD: { status: 409, fixedBy: 'caller', retry: 'never' },
  RELEASE_NEVER_SERVED: { status: 409, fixedBy: 'caller', retry: 'never' },
  NOTHING_TO_ROLL_BACK_TO: { status: 409, fixedBy: 'caller', retry: 'never' },
  VARIABLES_MISSING: { status: 409, fixedBy: 'caller', retry: 'never' },
  LIMITS_ABOVE_ENVIRONMENT: { status: 409, fixedBy: 'caller', retry: 'never' },
  NOTHING_TO_PROMOTE: { status: 409, fixedBy: 'caller', retry: 'never' },
  /** Of a deployment that could be served, but belongs to a set of which another could not. */
  SET_TAKEN_BACK: { status: 409, fixedBy: 'caller', retry: 'never' },
  CANARY_WITHOUT_BASELINE: { status: 409, fixedBy: 'caller', retry: 'never' },
  CANARY_NOT_POSSIBLE: { status: 409, fixedBy: 'caller', retry: 'never' },
  CANARY_NOT_RUNNING: { status: 409, fixedBy: 'caller', retry: 'never' },
  CANARY_FAILED: { status: 409, fixedBy: 'caller', retry: 'never' },
  CANARY_ABORTED: { status: 409, fixedBy: 'caller', retry: 'never' },
  CANARY_EXPIRED: { status: 409, fixedBy: 'caller', retry: 'never' },
  DEPLOYMENT_SUPERSEDED: { status: 409, fixedBy: 'caller', retry: 'never' },
  MODULE_NOT_PUBLISHABLE: { status: 409, fixedBy: 'caller', retry: 'never' },
  CODE_TOO_LARGE: { status: 413, fixedBy: 'caller', retry: 'never' },
  CODE_NOT_COMPILING: { status: 422, fixedBy: 'caller', retry: 'never' },
  CODE_WITHOUT_DEFAULT_EXPORT: { status: 422, fixedBy: 'caller', retry: 'never' },
  SCHEDULE_INVALID: { status: 422, fixedBy: 'caller', retry: 'never' },
  CODE_THROWS_AT_LOAD: { status: 422, fixedBy: 'caller', retry: 'never' },
  PACKAGE_NOT_FOUND: { status: 422, fixedBy: 'caller', retry: 'never' },
  PACKAGE_VERSION_NOT_FOUND: { status: 422, fixedBy: 'caller', retry: 'never' },
  PACKAGES_CONFLICTING: { status: 422, fixedBy: 'caller', retry: 'never' },
  PACKAGES_TOO_LARGE: { status: 413, fixedBy: 'caller', retry: 'never' },
  PACKAGES_NOT_INSTALLED: { status: 502, fixedBy: 'system', retry: 'later' },
  REGISTRY_UNREACHABLE: { status: 503, fixedBy: 'system', retry: 'later' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, fixedBy: 'caller', retry: 'never' },
  IDEMPOTENCY_KEY_IN_USE: { status: 409, fixedBy: 'caller', retry: 'later' },
  DEPLOYMENT_FAILED: { status: 502, fixedBy: 'system', retry: 'later' },
  RUNTIME_NOT_ACKNOWLEDGED: { status: 503, fixedBy: 'system', retry: 'later' },
  RUNTIME_UNREACHABLE: { status: 503, fixedBy: 'system', retry: 'later' },
  PORTS_EXHAUSTED: { status: 503, fixedBy: 'system', retry: 'later' },
  DATABASE_UNAVAILABLE: { status: 503, fixedBy: 'system', retry: 'later' },
  SHUTTING_DOWN: { status: 503, fixedBy: 'system', retry: 'later' },
  FUNCTION_FAILED: { status: 500, fixedBy: 'caller', retry: 'never' },
  FUNCTION_TIMED_OUT: { status: 504, fixedBy: 'caller', retry: 'never' },
  FUNCTION_ANSWER_INVALID: { status: 502, fixedBy: 'caller', retry: 'never' },
  WORKER_LOST: { status: 502, fixedBy: 'system', retry: 'later' },
  WORKER_OVERLOADED: { status: 503, fixedBy: 'system', retry: 'later' },
  /** Made by clients alone: no answer came, so nobody is known to have refused. */
  BACKEND_UNREACHABLE: { status: 503, fixedBy: 'system', retry: 'later' },
  INTERNAL: { status: 500, fixedBy: 'system', retry: 'later' },
} as const satisfies Record<string, ErrorTraits>

export type ErrorCode = keyof typeof errorCodes

export const inputFaultSchema = z.object({
  /** Where the fault is: a dotted path into the body, `query.<name>`, `path.<name>`, or `<file>:<line>:<column>` for code. */
  field: z.string(),
  message: z.string(),
  /** Only for faults in code: 1-based line, 1-based column, and the length of the faulty text in characters. */
  file: z.string().optional(),
  line: z.number().int().positive().optional(),
  column: z.number().int().positive().optional(),
  length: z.number().int().nonnegative().optional(),
})
export type InputFault = z.infer<typeof inputFaultSchema>

/** An RFC 9457 problem document, as every part of imprun answers it (`application/problem+json`). */
export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    requestId: z.string(),
    errors: z.array(inputFaultSchema).optional(),
    /** Facts that a program may use to go on, for example both authors of a conflict. Never a secret. */
    facts: z.record(z.string(), z.unknown()).optional(),
  })
  .meta({ id: 'Problem' })
export type Problem = z.infer<typeof problemSchema>

/** A failure that is told to the caller as it is. Anything else that is thrown becomes INTERNAL, and its text stays in the log. */
export class ImprunError extends Error {
  readonly code: ErrorCode
  readonly errors: readonly InputFault[] | undefined
  readonly facts: Readonly<Record<string, unknown>> | undefined
  readonly retryAfterS: number | undefined
  constructor(
    code: ErrorCode,
    message: string,
    more: { errors?: readonly InputFault[]; facts?: Record<string, unknown>; retryAfterS?: number; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'ImprunError'
    this.code = code
    this.errors = more.errors
    this.facts = more.facts
    this.retryAfterS = more.retryAfterS
  }
}

/** `instanceof` fails across realms and bundles, so identity travels in the value. */
export function isImprunError(value: unknown): value is ImprunError {
  return value instanceof Error && value.name === 'ImprunError' && 'code' in value && typeof value.code === 'string' && value.code in errorCodes
}

const titles: Partial<Record<number, string>> = {
  400: 'Bad request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not found',
  405: 'Method not allowed',
  409: 'Conflict',
  413: 'Too large',
  422: 'Not processable',
  500: 'Internal error',
  502: 'Bad gateway',
  503: 'Unavailable',
  504: 'Timed out',
}

export function toProblem(
  code: ErrorCode,
  detail: string,
  requestId: string,
  more: { errors?: readonly InputFault[] | undefined; facts?: Readonly<Record<string, unknown>> | undefined } = {},
): Problem {
  const { status } = errorCodes[code]
  return {
    type: `urn:imprun:error:${code.toLowerCase().replaceAll('_', '-')}`,
    title: titles[status] ?? 'Error',
    status,
    detail,
    code,
    requestId,
    ...(more.errors ? { errors: [...more.errors] } : {}),
    ...(more.facts ? { facts: { ...more.facts } } : {}),
  }
}
