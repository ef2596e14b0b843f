import type { EnvironmentName } from '@imprun/contracts'
import { environmentNameSchema } from '@imprun/contracts/names'

export const readOnlyScheme = 'imprun'

export interface ReleaseText {
  kind: 'release'
  gatewayId: string
  /** The function's. */
  name: string
  environment: EnvironmentName
  functionId: string
  releaseId: string
  version: string
  /** One of the gateway's own files that the function was bundled with; absent: the function itself. */
  file?: string
}

/** A text that only the backend has: what an environment serves, what is saved, or nothing at all (the empty side of a first promotion). */
export type ReadOnlyText =
  | ReleaseText
  | { kind: 'saved'; gatewayId: string; name: string; functionId: string; revision: number }
  | { kind: 'nothing'; gatewayId: string; name: string; environment: EnvironmentName }

export interface UriParts {
  readonly path: string
  readonly query: string
}

/** The path is what a tab shows; the query says what to read. A release never changes, so its address may be cached for good. */
export function toUriParts(text: ReadOnlyText): UriParts {
  const { gatewayId, name, kind } = text
  const place = kind === 'saved' ? 'saved' : text.environment
  const version = kind === 'release' ? `@${text.version}` : ''
  const shown = kind === 'release' && text.file ? text.file.replace(/\.ts$/, '') : name
  const facts = kind === 'release' ? releaseFacts(text) : {}
  const saved = kind === 'saved' ? { functionId: text.functionId, revision: String(text.revision) } : {}
  return { path: `/${gatewayId}/${place}/${shown}${version}.ts`, query: new URLSearchParams({ kind, name, ...facts, ...saved }).toString() }
}

const releaseFacts = ({ functionId, releaseId, version, file }: ReleaseText) => ({ functionId, releaseId, version, ...(file ? { file } : {}) })

export function fromUriParts({ path, query }: UriParts): ReadOnlyText | undefined {
  const [, gatewayId = '', place = ''] = path.split('/')
  const facts = new URLSearchParams(query)
  const get = (key: string) => facts.get(key) ?? ''
  const name = get('name')
  if (get('kind') === 'saved') return { kind: 'saved', gatewayId, name, functionId: get('functionId'), revision: Number(get('revision')) }
  const environment = environmentNameSchema.safeParse(place)
  if (!environment.success) return undefined
  if (get('kind') === 'nothing') return { kind: 'nothing', gatewayId, name, environment: environment.data }
  const releaseId = get('releaseId')
  if (!releaseId) return undefined
  const file = get('file')
  const release: ReleaseText = {
    kind: 'release',
    gatewayId,
    name,
    environment: environment.data,
    functionId: get('functionId'),
    releaseId,
    version: get('version'),
  }
  return file ? { ...release, file } : release
}
