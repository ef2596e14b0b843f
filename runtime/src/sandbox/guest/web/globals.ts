import { TextDecoder, TextEncoder } from '@exodus/bytes/encoding-lite.js'
import structuredClone from '@ungap/structured-clone'
import { hostCalls } from '../../bridge.ts'
import { callHost } from '../host.ts'
import { consoleGlobal } from '../log.ts'
import { timerGlobals } from '../timers.ts'
import { AbortController, AbortSignal } from './abort.ts'
import { atob, btoa } from './base64.ts'
import { Blob, File } from './blob.ts'
import { cryptoGlobal } from './crypto.ts'
import { DOMException } from './dom-exception.ts'
import { CustomEvent, Event, EventTarget } from './events.ts'
import { fetch } from './fetch.ts'
import { FormData } from './form-data.ts'
import { Headers } from './headers.ts'
import { Request } from './request.ts'
import { Response } from './response.ts'
import { streamNames, webStreams } from './streams.ts'
import { URL } from './url.ts'
import { URLSearchParams } from './url-search-params.ts'

/** The web's standard names. Defined as this module loads, because the BSON package looks for some of them when it loads. */
const globals = {
  AbortController,
  AbortSignal,
  Blob,
  CustomEvent,
  DOMException,
  Event,
  EventTarget,
  File,
  FormData,
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
  fetch,
  performance: Object.freeze({ now: () => callHost(hostCalls.now) as number }),
  queueMicrotask: (callback: () => void) => {
    if (typeof callback !== 'function') throw new TypeError('queueMicrotask needs a function to call.')
    Promise.resolve().then(callback)
  },
  structuredClone: (value: unknown) => structuredClone(value),
  ...timerGlobals,
}

for (const [name, value] of Object.entries(globals)) Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
for (const name of streamNames) {
  const hold = (value: unknown): void => {
    Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
  }
  const get = (): unknown => {
    hold(webStreams()[name])
    return webStreams()[name]
  }
  Object.defineProperty(globalThis, name, { get, set: hold, configurable: true, enumerable: false })
}
Object.defineProperty(globalThis, 'self', { value: globalThis, writable: true, configurable: true, enumerable: false })
