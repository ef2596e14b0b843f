import { strict as assert } from 'node:assert'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { EngineHostMessage, EngineHostSettings } from '../fixtures/engine-host.ts'
import { eventually } from './eventually.ts'

const entry = fileURLToPath(new URL('../fixtures/engine-host.ts', import.meta.url))

/** An engine in a process of its own, and all that it says. */
export async function givenEngineHost(settings: EngineHostSettings) {
  const child: ChildProcess = fork(entry, [JSON.stringify(settings)], { execArgv: [] })
  const heard: EngineHostMessage[] = []
  child.on('message', (message) => heard.push(message as EngineHostMessage))
  await eventually(() => assert.ok(heard.some(({ type }) => type === 'ready')), 30_000)
  return {
    name: settings.name,
    heard,
    of: <Type extends EngineHostMessage['type']>(type: Type) =>
      heard.filter((message) => message.type === type) as Extract<EngineHostMessage, { type: Type }>[],
    freeze: () => process.kill(child.pid as number, 'SIGSTOP'),
    thaw: () => process.kill(child.pid as number, 'SIGCONT'),
    go: () => child.send('go'),
    async [Symbol.asyncDispose]() {
      const exited = once(child, 'exit')
      child.kill('SIGKILL')
      await exited
    },
  }
}
export type EngineHost = Awaited<ReturnType<typeof givenEngineHost>>
