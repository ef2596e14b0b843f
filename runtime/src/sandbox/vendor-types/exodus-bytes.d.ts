// The package's own types reference Node's, which the guest must not see.
export function toBase64(bytes: Uint8Array): string
export function fromBase64any(text: string, options: { padding: 'both' }): Uint8Array
export function utf8fromStringLoose(text: string): Uint8Array
export function utf8toStringLoose(bytes: Uint8Array): string
export const TextEncoder: new () => { encode(text?: string): Uint8Array }
export const TextDecoder: new (label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean }) => { decode(bytes?: ArrayBuffer | ArrayBufferView): string }
