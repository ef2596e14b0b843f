import { hostCalls } from '../../bridge.ts'
import { defineGlobal, defineLater } from '../define-global.ts'
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

/** The web's standard names. */
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

for (const [name, value] of Object.entries(globals)) defineGlobal(name, value)
for (const name of streamNames) defineLater(name, () => webStreams()[name])
defineLater('TextDecoder', () => encodings().TextDecoder)
defineGlobal('self', globalThis)
