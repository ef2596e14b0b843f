const { setTimeout, clearTimeout, setInterval, clearInterval } = globalThis

export const nodeModule = {
  setTimeout,
  clearTimeout,
  setInterval,
  clearInterval,
  setImmediate: (callback: (...values: unknown[]) => void, ...values: unknown[]) => setTimeout(callback, 0, ...values),
  clearImmediate: clearTimeout,
}
