/**
 * Does one thing for many at a time: what is asked for while the last batch is under way waits and goes together.
 * @returns a function that settles as the batch does that its item went with
 */
export function inBatches<Item>(work: (items: readonly Item[]) => Promise<void>): (item: Item) => Promise<void> {
  let waiting: { items: Item[]; done: Promise<void> } | undefined
  let last: Promise<void> = Promise.resolve()
  return (item) => {
    if (waiting) {
      waiting.items.push(item)
      return waiting.done
    }
    const items = [item]
    const done = last.then(() => {
      waiting = undefined
      return work(items)
    })
    waiting = { items, done }
    last = done.catch(() => {})
    return done
  }
}

/** Reads for many at a time what each asks for by its key. A read never begins before it is asked for. @returns a function that reads one */
export function readInBatches<Value>(read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Value>>): (key: string) => Promise<Value | undefined> {
  const ask = inBatches<{ readonly key: string; found?: Value | undefined }>(async (asked) => {
    const found = await read([...new Set(asked.map(({ key }) => key))])
    for (const each of asked) each.found = found.get(each.key)
  })
  return async (key) => {
    const asked: { key: string; found?: Value | undefined } = { key }
    await ask(asked)
    return asked.found
  }
}
