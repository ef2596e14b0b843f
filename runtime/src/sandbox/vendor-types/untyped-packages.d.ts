declare module 'object-inspect' {
  export default function inspect(value: unknown, options?: { depth?: number; maxStringLength?: number }): string
}
declare module 'encodeurl' {
  export default function encodeUrl(url: string): string
}
declare module 'escape-html' {
  export default function escapeHtml(text: string): string
}
declare module 'vary' {
  export function append(header: string, field: string | string[]): string
}
declare module '@ungap/structured-clone' {
  export default function structuredClone(value: unknown): unknown
}
