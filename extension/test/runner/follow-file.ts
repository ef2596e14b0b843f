import { createReadStream, existsSync } from 'node:fs'

const pollMs = 200

/** Shows a file in the terminal as it grows, and the rest of it when disposed. */
export function followFile(file: string): AsyncDisposable {
  let shown = 0
  let showing = Promise.resolve()
  const show = async () => {
    if (!existsSync(file)) return
    for await (const chunk of createReadStream(file, { start: shown })) {
      shown += chunk.length
      process.stdout.write(chunk)
    }
  }
  const showMore = () => {
    showing = showing.then(show)
    return showing
  }
  const timer = setInterval(showMore, pollMs)
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer)
      await showMore()
    },
  }
}
