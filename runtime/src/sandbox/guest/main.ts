import './web/globals.ts'
import { startName } from '../bridge.ts'
import { control, resume, run } from './dispatcher.ts'
import { harden } from './harden.ts'
import { connectHost, type Host } from './host.ts'

Object.defineProperty(globalThis, startName, {
  configurable: true,
  value: (host: Host) => {
    delete (globalThis as Record<string, unknown>)[startName]
    harden()
    connectHost(host)
    return { run, resume, control }
  },
})
