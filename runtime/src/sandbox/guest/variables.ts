const values: Record<string, string> = Object.create(null)
// Taken before any author's code runs, so that a changed global does not change what functions see.
const { parse } = JSON
const { hasOwn, keys } = Object

const refuse = (): never => {
  throw new TypeError("imp.env is read-only. Change a variable in the environment's settings.")
}

/** The environment's variables. A property read shows the variable as it is now: a change reaches code that runs already at its next entry. */
export const env: Readonly<Record<string, string | undefined>> = new Proxy(values, {
  set: refuse,
  defineProperty: refuse,
  deleteProperty: refuse,
  setPrototypeOf: refuse,
  preventExtensions: refuse,
})

/** @param json all variables by name */
export function setVariables(json: string): void {
  const next = parse(json) as Record<string, string>
  for (const name of keys(values)) if (!hasOwn(next, name)) delete values[name]
  for (const name of keys(next)) values[name] = next[name] as string
}
