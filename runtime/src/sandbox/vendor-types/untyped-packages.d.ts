declare module 'object-inspect' {
  export default function inspect(value: unknown, options?: { depth?: number; maxStringLength?: number }): string
}
declare module 'encodeurl' {
  export default function encodeUrl(url: string): string
}
declare module '@ungap/structured-clone' {
  export default function structuredClone(value: unknown): unknown
}
