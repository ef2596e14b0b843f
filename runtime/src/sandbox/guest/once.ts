// Every context begins as a copy of what the bundle made at its start, so what most functions never use is made when it is first asked for.

export function once<T>(load: () => T): () => T {
  let made: { value: T } | undefined
  return () => {
    made ??= { value: load() }
    return made.value
  }
}
