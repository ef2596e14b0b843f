import * as z from 'zod'
import { middlewarePart } from './middleware.ts'

/**
 * The rules of every name a user may choose. One table, so that the editor, the backend and the runtime refuse the same names with the same words.
 */

/** DNS labels are at most 63 characters (RFC 1035); 40 leaves room for `gatewayid_<id>_staging` inside MongoDB's 63-byte database name. */
export const gatewayIdLengthMax = 40
export const functionNameLengthMax = 120
export const applicationNameLengthMax = 80

/** First path or host segments that the platform itself answers, now or later. */
export const reservedGatewayIds: readonly string[] = [
  'api',
  'admin',
  'www',
  'docs',
  'mcp',
  'imprun',
  'healthz',
  'readyz',
  'metrics',
  'localhost',
  'sys',
  'system',
  'internal',
  'ai-gateway',
  'api-gateways',
]

const slug = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/
/** One path segment of a function name: an identifier that is also readable in a URL. Those that begin with "_" are never reached by one. */
const functionSegment = /^_?[A-Za-z][A-Za-z0-9_-]*$/

export const gatewayIdSchema = z
  .string()
  .min(2, 'Use at least 2 characters.')
  .max(gatewayIdLengthMax, `Use at most ${gatewayIdLengthMax} characters.`)
  .regex(slug, 'Use lower-case letters, digits and single hyphens, starting with a letter, for example "hometax".')
  .refine((id) => !reservedGatewayIds.includes(id), 'This name is reserved. Choose another one.')

export const functionNameSchema = z
  .string()
  .min(1, 'A function needs a name.')
  .max(functionNameLengthMax, `Use at most ${functionNameLengthMax} characters.`)
  .refine(
    (name) => name.split('/').every((segment) => functionSegment.test(segment)),
    'Use letters, digits, "_" and "-", each part starting with a letter, or with "_" for shared files; folders are separated by "/", for example "orders/list".',
  )
  .refine((name) => !name.split('/').slice(0, -1).includes(middlewarePart), '"_middleware" is the name of a function, not of a folder.')

export const functionKinds = ['function', 'module', 'middleware'] as const
export type FunctionKind = (typeof functionKinds)[number]

/** A name says what it is for: `_lib/tax` is a module, imported by others and never served; `orders/_middleware` runs before the functions of its folder. */
export function kindOfName(name: string): FunctionKind {
  const marked = name.split('/').filter((segment) => segment.startsWith('_'))
  if (marked.length === 0) return 'function'
  return marked.every((segment) => segment === middlewarePart) ? 'middleware' : 'module'
}

export const environmentNames = ['dev', 'staging', 'prod'] as const
export type EnvironmentName = (typeof environmentNames)[number]
export const environmentNameSchema = z.enum(environmentNames, { error: 'Use one of dev, staging, prod.' })

/** The environment a release has to be served in before it may enter `name`; undefined for the first. */
export function environmentBefore(name: EnvironmentName): EnvironmentName | undefined {
  return environmentNames[environmentNames.indexOf(name) - 1]
}
export function environmentAfter(name: EnvironmentName): EnvironmentName | undefined {
  return environmentNames[environmentNames.indexOf(name) + 1]
}

/** Turns a display name into a gateway id, or '' when nothing of it can be kept (a name all in Korean, say). */
export function slugify(name: string): string {
  return name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^[^a-z]+|-+$/g, '')
    .slice(0, gatewayIdLengthMax)
    .replace(/-+$/g, '')
}

/** Names of the MongoDB databases of a gateway (design: Databases). */
export const gatewayDatabaseName = (gatewayId: string): string => `gatewayid_${gatewayId}`
export const environmentDatabaseName = (gatewayId: string, environment: EnvironmentName, database: 'separate' | 'shared'): string =>
  database === 'shared' ? gatewayDatabaseName(gatewayId) : `gatewayid_${gatewayId}_${environment}`
