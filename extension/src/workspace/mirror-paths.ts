import path from 'node:path'
import type { FunctionKey } from './mirror-store.ts'

/** `localhost-7420`: one folder per backend, because two may know the same gateway id. */
export function backendFolder(apiUrl: string): string {
  return new URL(apiUrl).host.replace(/[^A-Za-z0-9.]+/g, '-')
}

export function gatewayFolder(root: string, { apiUrl, gatewayId }: Pick<FunctionKey, 'apiUrl' | 'gatewayId'>): string {
  return path.join(root, backendFolder(apiUrl), gatewayId)
}

export function functionFile(root: string, key: FunctionKey): string {
  return path.join(gatewayFolder(root, key), `${key.name}.ts`)
}

/** Which function a file mirrors, by its place alone; undefined for files elsewhere and for those that we generate. */
export function placeOf(root: string, file: string): { backend: string; gatewayId: string; name: string } | undefined {
  const relative = path.relative(root, file)
  if (relative.startsWith('..') || path.isAbsolute(relative) || !relative.endsWith('.ts') || relative.endsWith('.d.ts')) return undefined
  const [backend, gatewayId, ...rest] = relative.split(path.sep)
  if (!backend || !gatewayId || rest.length === 0 || rest.some((part) => part.startsWith('.') || part === 'node_modules')) return undefined
  return { backend, gatewayId, name: rest.join('/').slice(0, -'.ts'.length) }
}
