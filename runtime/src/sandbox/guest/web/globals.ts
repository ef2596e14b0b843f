import { TextDecoder, TextEncoder } from '@exodus/bytes/encoding-lite.js'
import structuredClone from '@ungap/structured-clone'
import { hostCalls } from '../../bridge.ts'
import { callHost } from '../host.ts'
import { consoleGlobal } from '../log.ts'
import { timerGlobals } from '../timers.ts'
import { AbortController, AbortSignal, Event, EventTarget } from './abort.ts'
import { atob, btoa } from './base64.ts'
import { cryptoGlobal } from './crypto.ts'
import { Request, Response } from './fetch-types.ts'
import { Headers } from './headers.ts'
import { URL } from './url.ts'
import { URLSearchParams } from './url-search-params.ts'

/** The web's standard names. Defined as this module loads, because the BSON package looks for some of them when it loads. */
const globals = {
  AbortController,
  AbortSignal,
  Event,
  EventTarget,
  Headers,
  Request,
  Response,
  TextDecoder,
  TextEncoder,
  URL,
  URLSearchParams,
  atob,
  btoa,
  console: consoleGlobal,
  crypto: cryptoGlobal,
  performance: Object.freeze({ now: () => callHost(hostCalls.now) as number }),
  queueMicrotask: (callback: () => void) => {
    if (typeof callback !== 'function') throw new TypeError('queueMicrotask needs a function to call.')
    Promise.resolve().then(callback)
  },
  structuredClone: (value: unknown) => structuredClone(value),
  ...timerGlobals,
}

for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
Object.defineProperty(globalThis, 'self', { value: globalThis, writable: true, configurable: true, enumerable: false })
