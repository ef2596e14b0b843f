const forms = [/^[ \t]*export\s+default\b/m, /^[ \t]*export\s*\{[^}]*\bdefault\b[^}]*\}/m]

/** Offset of the default export in a function's source, where its CodeLens stands; undefined while there is none. */
export function findDefaultExport(source: string): number | undefined {
  for (const form of forms) {
    const match = form.exec(source)
    if (match) return match.index + (match[0].length - match[0].trimStart().length)
  }
  return undefined
}

const destructuredBody = /(?:const|let|var)\s*\{([^}]*)\}\s*=\s*(?:await\s+)?req\.body\b/
const sampleValues = [100, 20, 3]
const namesMax = 12

/** A body that a function could be called with, made from the names it takes out of `req.body`; undefined when it takes none. */
export function sampleBody(source: string): Record<string, number> | undefined {
  const names = destructuredBody.exec(source)?.[1]?.split(',') ?? []
  const keys = names.map((name) => name.split(/[:=]/)[0]?.trim() ?? '').filter((name) => /^[A-Za-z_$][\w$]*$/.test(name))
  if (keys.length === 0) return undefined
  return Object.fromEntries(keys.slice(0, namesMax).map((key, index) => [key, sampleValues[index] ?? 1]))
}
