/** As the language's own names are: not enumerable, and free to be replaced. */
export function defineGlobal(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}

/** Made when somebody asks for it. */
export function defineLater(name: string, make: () => unknown): void {
  const get = (): unknown => {
    // The packages look whether the platform has the name already.
    defineGlobal(name, undefined)
    defineGlobal(name, make())
    return (globalThis as Record<string, unknown>)[name]
  }
  Object.defineProperty(globalThis, name, { get, set: (value) => defineGlobal(name, value), configurable: true, enumerable: false })
}
