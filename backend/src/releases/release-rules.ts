import { createHash } from 'node:crypto'
import type { Bump } from '@imprun/contracts'
import { inc } from 'semver'
import { hashSource, type Source } from '../functions/function-rules.ts'
import type { StoredFunction } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'
import { newId } from '../platform/ids.ts'
import type { Compiled } from '../publishing/compile.ts'
import { readScheduleRule } from '../schedules/schedule-rule.ts'
import type { ListedRelease, StoredRelease } from './release-store.ts'

const firstVersion = '1.0.0'

export function nextVersion(latest: Pick<ListedRelease, 'version'> | undefined, bump: Bump = 'patch'): string {
  if (!latest) return firstVersion
  const next = inc(latest.version, bump)
  if (!next) throw new Error(`Release version ${latest.version} is no semver.`)
  return next
}

/** What a new release is made of; it comes after `latest`. */
export interface ReleaseMaterial extends ReleaseWish {
  source: Source
  compiled: Compiled
  /** Names of those that an environment has to have. */
  variables: readonly string[]
  latest: ListedRelease | undefined
}
/** What its author wants it to be called, and to say. */
export interface ReleaseWish {
  bump?: Bump | undefined
  notes?: string | undefined
}

export function makeRelease(
  of: Pick<StoredFunction, '_id' | 'gatewayId' | 'name'>,
  { source, compiled, variables, latest, bump, notes }: ReleaseMaterial,
  by: Caller,
  now: Date,
): StoredRelease {
  const schedule = readScheduleRule(of.name, compiled.exportedLiterals)
  return {
    _id: newId(),
    gatewayId: of.gatewayId,
    functionId: of._id,
    functionName: of.name,
    sequence: (latest?.sequence ?? 0) + 1,
    version: nextVersion(latest, bump),
    ...(notes === undefined ? {} : { notes }),
    hash: createHash('sha256').update(compiled.code, 'utf8').digest('hex'),
    sourceHash: hashSource(source),
    source: source.code,
    code: compiled.code,
    sourceMap: compiled.sourceMap,
    ...(compiled.imports.length > 0 ? { imports: [...compiled.imports] } : {}),
    ...(compiled.packages ? { packages: compiled.packages } : {}),
    ...(schedule ? { schedule } : {}),
    ...(variables.length > 0 ? { variables: [...variables] } : {}),
    ...(source.methods ? { methods: source.methods } : {}),
    limits: source.limits,
    createdAt: now,
    createdBy: by,
  }
}
