import { hostCalls } from '../../bridge.ts'
import { callHost } from '../host.ts'
import { encodings } from '../lazy-packages.ts'
import { consoleGlobal } from '../log.ts'
import { timerGlobals } from '../timers.ts'
import { AbortController, AbortSignal } from './abort.ts'
import { atob, btoa } from './base64.ts'
import { Blob, File } from './blob.ts'
import { cryptoGlobal } from './crypto.ts'
import { CryptoKey } from './crypto-key.ts'
import { DOMException } from './dom-exception.ts'
import { CustomEvent, Event, EventTarget } from './events.ts'
import { fetch } from './fetch.ts'
import { FormData } from './form-data.ts'
import { Headers } from './headers.ts'
import { Request } from './request.ts'
import { Response } from './response.ts'
import { streamNames, webStreams } from './streams.ts'
import { structuredClone } from './structured-clone.ts'
import { TextEncoder } from './text-encoder.ts'
import { URL } from './url.ts'
import { URLSearchParams } from './url-search-params.ts'

/** The web's standard names. Defined as this module loads, because the BSON package looks for some of them when it loads. */
const globals = {
  AbortController,
  AbortSignal,
  Blob,
  CryptoKey,
  CustomEvent,
  DOMException,
  Event,
  EventTarget,
  File,
  FormData,
  Headers,
  Request,
  Response,
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
  structuredClone,
  ...timerGlobals,
}

const define = (name: string, value: unknown): void => {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false })
}
/** Made when somebody asks for it. */
function defineLater(name: string, make: () => unknown): void {
  const get = (): unknown => {
    // The packages look whether the platform has the name already.
    define(name, undefined)
    define(name, make())
    return (globalThis as Record<string, unknown>)[name]
  }
  Object.defineProperty(globalThis, name, { get, set: (value) => define(name, value), configurable: true, enumerable: false })
}

for (const [name, value] of Object.entries(globals)) define(name, value)
for (const name of streamNames) defineLater(name, () => webStreams()[name])
defineLater('TextDecoder', () => encodings().TextDecoder)
define('self', globalThis)
