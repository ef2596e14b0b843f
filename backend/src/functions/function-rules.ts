import { createHash } from 'node:crypto'
import { codeBytesMax, type EnvironmentName, environmentNames, type FunctionLimits, type methodsSchema } from '@imprun/contracts'
import type { z } from 'zod'
import { codeTooLarge } from './function-errors.ts'

export type Methods = z.infer<typeof methodsSchema>

/** What a release is made of. Whatever is not in here never makes a new release. */
export interface Source {
  code: string
  methods?: Methods | undefined
  limits: FunctionLimits
}

/** @throws CODE_TOO_LARGE. Counted in bytes of UTF-8, as it is stored. */
export function checkCodeSize(code: string): void {
  const bytes = Buffer.byteLength(code, 'utf8')
  if (bytes > codeBytesMax) throw codeTooLarge(bytes)
}

/** Two sources with one hash would make the same release. */
export function hashSource({ code, methods, limits }: Source): string {
  const settings = JSON.stringify([
    methods ? [...methods].sort() : null,
    limits.timeoutMs ?? null,
    limits.concurrency ?? null,
    limits.bodyBytesMax ?? null,
    // Only where they are set: releases from before these existed keep their hash.
    ...(limits.memoryMb === undefined && limits.responseBytesMax === undefined ? [] : [limits.memoryMb ?? null, limits.responseBytesMax ?? null]),
  ])
  return createHash('sha256').update(settings).update('\n').update(code, 'utf8').digest('hex')
}

export interface FunctionReference {
  /** The whole text: an id or a name, also a name with folders. */
  whole: string
  /** What it means when it is read as `<environment>/<name>`. */
  inEnvironment?: { environment: EnvironmentName; name: string }
}

export function parseFunctionReference(text: string): FunctionReference {
  const slash = text.indexOf('/')
  const environment = environmentNames.find((name) => name === text.slice(0, slash))
  return slash > 0 && environment ? { whole: text, inEnvironment: { environment, name: text.slice(slash + 1) } } : { whole: text }
}
