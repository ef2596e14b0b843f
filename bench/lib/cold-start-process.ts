/** Times isolates and contexts in a process of their own, because isolated-vm wants Node started in its own way. Prints milliseconds as JSON. */
import { setTimeout as sleep } from 'node:timers/promises'
import { systemNetwork } from '../../runtime/src/worker/egress/network.ts'
import { loadInto } from '../../runtime/src/worker/load-function.ts'
import { ContextPool } from '../../runtime/src/worker/sandbox/context-pool.ts'
import type { SandboxContext, SandboxIsolate } from '../../runtime/src/worker/sandbox/engine.ts'
import { readGuestBundle } from '../../runtime/src/worker/sandbox/guest-bundle.ts'
import { createIsolatedVmEngine } from '../../runtime/src/worker/sandbox/isolated-vm-engine.ts'
import { prepareV8 } from '../../runtime/src/worker/sandbox/v8-flags.ts'
import { createStackMapper } from '../../runtime/src/worker/stack-mapper.ts'
import { warmUp } from '../../runtime/src/worker/warm-up.ts'

const rounds = 80
const timeoutMs = 5_000
const memoryMb = 256
/** Between two publishes there is at least a transaction of the database. */
const betweenPublishesMs = 20
const code = process.argv[2] ?? ''
const meta = 'POST\n/tax\nbench-1\n127.0.0.1\n\n\nhost\nlocalhost\ncontent-type\napplication/json'
const message = { index: 0, name: 'tax', version: '1.0.0', revision: 1, code, sourceMap: '', timeoutMs, isMiddleware: false, isServing: true }
const facts = { gatewayId: 'bench', environment: 'dev', functionName: 'tax', version: '1.0.0', isMiddleware: false }
const stacks = createStackMapper('function:tax', '')
let served = 0

prepareV8()
const engine = createIsolatedVmEngine(await readGuestBundle())
warmUp(engine, systemNetwork)

/** A blank context until the answer of its function's first call. */
function serveOnce(context: SandboxContext): void {
  // V8 compiles the same text once, and no two functions have the same.
  const refusal = loadInto(context, { ...message, code: `${code}\n// ${served++}` }, facts, stacks)
  const answer = context.run(1, meta, '{"income":250000,"deductions":60000}', timeoutMs)
  if (refusal !== undefined || !answer?.startsWith('200')) throw new Error(`It does not serve: ${refusal?.message ?? answer}`)
}
function time(work: () => void): number {
  const startedAtMs = performance.now()
  work()
  return performance.now() - startedAtMs
}

const isolatesMs: number[] = []
for (let round = 0; round < rounds; round++) {
  let isolate: SandboxIsolate | undefined
  isolatesMs.push(
    time(() => {
      isolate = engine.createIsolate(memoryMb)
      serveOnce(isolate.createContext())
    }),
  )
  isolate?.dispose()
}
const contextsMs: number[] = []
const live = engine.createIsolate(memoryMb)
serveOnce(live.createContext())
for (let round = 0; round < rounds; round++) contextsMs.push(time(() => serveOnce(live.createContext())))
live.dispose()
// As a worker does it.
const functionsMs: number[] = []
const contexts = new ContextPool(engine, memoryMb, () => undefined)
serveOnce(contexts.take())
for (let round = 0; round < rounds; round++) {
  await sleep(betweenPublishesMs)
  functionsMs.push(time(() => serveOnce(contexts.take())))
}
process.stdout.write(JSON.stringify({ isolatesMs, functionsMs, contextsMs }), () => process.kill(process.pid, 'SIGKILL'))
