/** The only way out of the isolate. Module state is per context: every context begins as a copy of the snapshot. */
export type Host = (code: number, ...values: unknown[]) => string | number | boolean | undefined

let connected: Host = () => undefined

export function connectHost(host: Host): void {
  connected = host
}

export const callHost: Host = (code, ...values) => connected(code, ...values)
