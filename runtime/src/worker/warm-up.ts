import { type ContextFacts, controlCodes, type EntryLimits } from '../sandbox/bridge.ts'
import type { Engine } from './sandbox/engine.ts'

const code = 'var __exports={default:async(req,res)=>res.status(200).json({b:req.body,q:req.query})}'
const meta = 'POST\n/warm?up=1\n1\n127.0.0.1\n\n\nhost\nlocalhost\ncontent-type\napplication/json'
const timeoutMs = 5000
const facts: ContextFacts & EntryLimits = {
  ...{ gatewayId: '', environment: '', functionName: '', version: '', isMiddleware: false },
  ...{ loadMsMax: timeoutMs, entryMsMax: timeoutMs },
}

/** Runs the path of bind, load and call on an isolate that is thrown away: the first real one is then served at the speed of the later ones. */
export function warmUp(engine: Engine): void {
  const isolate = engine.createIsolate(64)
  for (let round = 0; round < 2; round++) {
    const context = isolate.createContext()
    context.control(controlCodes.prepare, JSON.stringify(facts), timeoutMs)
    context.compile(code, 'function:warm').run(timeoutMs)
    context.control(controlCodes.finishLoad, 0, timeoutMs)
    for (let call = 0; call < 20; call++) context.run(call, meta, '{"a":1}', timeoutMs)
    context.release()
  }
  isolate.dispose()
}
