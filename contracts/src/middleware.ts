/**
 * Middleware is a function that runs before those of its folder and of the folders below. Its name says so, and nothing else does. No import here: workers
 * read this file, and they load no schema.
 */
export const middlewarePart = '_middleware'

export const isMiddlewareName = (functionName: string): boolean => functionName === middlewarePart || functionName.endsWith(`/${middlewarePart}`)

/** Names of the middleware that would run before this function, outermost first: that of the root, then folder by folder. Middleware has none itself. */
export function middlewareNamesOf(functionName: string): string[] {
  if (isMiddlewareName(functionName)) return []
  const folders = functionName.split('/').slice(0, -1)
  return [middlewarePart, ...folders.map((_, at) => `${folders.slice(0, at + 1).join('/')}/${middlewarePart}`)]
}
