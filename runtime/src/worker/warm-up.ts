import { createFrameReceiver, createFrameSender, type SendFrame, toFront, toWorker } from '../frames/frames.ts'
import type { Network } from './egress/network.ts'
import { createOutput } from './output.ts'
import type { Engine, SandboxIsolate } from './sandbox/engine.ts'
import { Worker } from './worker.ts'

const code = 'var __exports={default:async(req,res)=>res.status(200).json({b:req.body,q:req.query})}'
const meta = 'POST\n/warm?up=1\n1\n127.0.0.1\n\n\nhost\nlocalhost\ncontent-type\napplication/json'
const timeoutMs = 5000
const memoryMb = 64
const limits = { timeoutMs, responseBytesMax: 1024 }
const configuration = { variables: {}, egress: { allow: [], deny: [] }, limits }
const bind = { gatewayId: '', environment: '', dataUri: 'mongodb://localhost/', dataDatabase: 'warm', memoryMb, configuration }
const functionCount = 3
const callsEach = 20

/**
 * Runs the way of bind, load and call, frame by frame, in a worker that is thrown away: the first real one is then served at the speed of the later ones.
 * @throws Error when the calls are not answered
 */
export function warmUp(engine: Engine, network: Network): void {
  const isolates: SandboxIsolate[] = []
  const ownEngine: Engine = {
    createIsolate(megabytes) {
      const isolate = engine.createIsolate(megabytes)
      isolates.push(isolate)
      return isolate
    },
  }
  let answerCount = 0
  const count: SendFrame = (_id, kind) => {
    if (kind < toFront.done) answerCount++
  }
  const worker = new Worker(ownEngine, createOutput({ send: count, flush: () => {} }), network, { onBound: () => {}, onDrained: () => {} })
  const { send, flush } = createFrameSender({ write: createFrameReceiver((...frame) => worker.onFrame(...frame)) as (chunk: Uint8Array) => void })
  send(1, toWorker.bind, '', JSON.stringify(bind), 'utf8')
  for (let index = 0; index < functionCount; index++) {
    send(1, toWorker.load, '', JSON.stringify({ index, name: 'warm', version: '', revision: 0, code, sourceMap: '', timeoutMs }), 'utf8')
    for (let call = 0; call < callsEach; call++) send(1, index, meta, '{"a":1}', 'latin1')
    flush()
  }
  for (const isolate of isolates) isolate.dispose()
  if (answerCount < functionCount * callsEach) throw new Error('A worker does not answer the calls that it is warmed up by.')
}
