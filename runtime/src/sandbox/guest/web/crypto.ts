import { hostCalls } from '../../bridge.ts'
import { callHost } from '../host.ts'
import { DOMException } from './dom-exception.ts'
import { subtle } from './subtle.ts'

const randomBytesMax = 65_536

function randomText(count: number): string {
  return callHost(hostCalls.random, count) as string
}

export const cryptoGlobal = Object.freeze({
  subtle,
  getRandomValues<View extends ArrayBufferView>(view: View): View {
    if (!ArrayBuffer.isView(view) || view instanceof DataView || view instanceof Float32Array || view instanceof Float64Array) {
      throw new TypeError('getRandomValues fills an array of integers.')
    }
    if (view.byteLength > randomBytesMax) throw new DOMException(`getRandomValues gives at most ${randomBytesMax} bytes at once.`, 'QuotaExceededError')
    const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength)
    const text = randomText(bytes.length)
    for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at)
    return view
  },
  randomUUID(): string {
    const text = randomText(16)
    let hex = ''
    for (let at = 0; at < 16; at++) {
      let byte = text.charCodeAt(at)
      if (at === 6) byte = (byte & 0x0f) | 0x40
      if (at === 8) byte = (byte & 0x3f) | 0x80
      hex += (byte < 16 ? '0' : '') + byte.toString(16)
    }
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
  },
})
