import path from 'node:path'
import type { ImprunFunction } from '@imprun/contracts'
import { kindOfName } from '@imprun/contracts/names'
import type { ApiClient } from '../api/api-client.ts'

const pageLimit = 200
/** A gateway with more functions than this is listed only so far. */
const pagesMax = 10

const relativeImport = /\b(?:from|import|require)\s*\(?\s*(['"])(\.{1,2}\/[^'"\n]+)\1/g

/** @returns names of what a file imports by relative path. */
export function importedNames(name: string, text: string): string[] {
  const found = [...text.matchAll(relativeImport)].map(([, , specifier = '']) => path.posix.join(path.posix.dirname(name), specifier).replace(/\.[jt]s$/, ''))
  return [...new Set(found)].filter((each) => !each.startsWith('..'))
}

/** What has to lie beside a function's file for its imports to open and to be completed: all modules of the gateway, and the functions that it names. */
export async function findImported(api: ApiClient, { gatewayId, name }: ImprunFunction, text: string): Promise<ImprunFunction[]> {
  const named = new Set(importedNames(name, text))
  const found: ImprunFunction[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < pagesMax; pages++) {
    const page = await api.call('listFunctions', { params: { gatewayId }, query: { limit: pageLimit, ...(cursor ? { cursor } : {}) } })
    found.push(...page.items.filter((item) => item.name !== name && (kindOfName(item.name) === 'module' || named.has(item.name))))
    cursor = page.nextCursor
    if (!cursor) break
  }
  return found
}
