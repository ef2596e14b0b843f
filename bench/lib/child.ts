import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export interface Child extends AsyncDisposable {
  readonly process: ChildProcess
}

/**
 * Starts a module of this folder as a process of its own, hands it `settings` and waits until it says that it works.
 * @throws Error when it ends before that
 */
export async function startChild(name: string, settings: object): Promise<Child> {
  const child = fork(fileURLToPath(new URL(name, import.meta.url)), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const ended = once(child, 'exit')
  child.send(settings)
  const [said] = await Promise.race([once(child, 'message'), ended])
  if (said !== 'works') throw new Error(`${name} ended before it worked: ${String(said)}`)
  return {
    process: child,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
