/**
 * Takes away what grows outside the memory limit: WebAssembly memories, shared and resizable buffers are not counted by it. Run in every new context, not
 * in the snapshot, because V8 puts these globals back when it makes a context.
 */
export function harden(): void {
  const scope = globalThis as Record<string, unknown>
  for (const name of ['WebAssembly', 'SharedArrayBuffer', 'Atomics']) delete scope[name]
  const PlainArrayBuffer = ArrayBuffer
  const prototype = PlainArrayBuffer.prototype as unknown as Record<string, unknown>
  for (const name of ['resize', 'transfer', 'transferToFixedLength']) delete prototype[name]
  const FixedArrayBuffer: typeof ArrayBuffer = new Proxy(PlainArrayBuffer, {
    construct: (target, values, newTarget) => Reflect.construct(target, values.slice(0, 1), newTarget === FixedArrayBuffer ? target : newTarget) as object,
  })
  Object.defineProperty(prototype, 'constructor', { value: FixedArrayBuffer, writable: false, configurable: false })
  scope.ArrayBuffer = FixedArrayBuffer
}
