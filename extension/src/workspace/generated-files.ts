/** What lies beside the functions of a gateway so that the editor's own TypeScript understands them. */
export function generatedFiles(typesText: string): Record<string, string> {
  return { 'tsconfig.json': json(tsconfig), 'imprun.d.ts': typesText, 'node.d.ts': nodeTypes }
}

/** The gateway's packages, to be declared by saving this file. */
export const packageManifest = (gatewayId: string, dependencies: Readonly<Record<string, string>>): string => json({ ...manifest(gatewayId), dependencies })

/** What is imported from a package is taken as it comes, unless somebody installs it in this folder: then its own types are found first. */
export const packageTypes = (names: readonly string[]): string => names.map((name) => `declare module '${name}*'\n`).join('')

const nodeModules = 'assert buffer crypto events os path process punycode querystring stream string_decoder timers url util'.split(' ')

/** Node's own modules are there when they are imported, without their types; `process` and `Buffer` are there always. */
const nodeTypes = `${[...nodeModules, 'assert/strict', 'path/posix', 'stream/promises', 'util/types'].flatMap((name) => [`declare module '${name}'`, `declare module 'node:${name}'`]).join('\n')}

declare const process: {
  /** The environment's variables, as in imp.env. */
  readonly env: Record<string, string | undefined>
  readonly version: string
  readonly platform: string
  nextTick(callback: (...values: any[]) => void, ...values: any[]): void
  [name: string]: any
}
declare const Buffer: any
declare const global: typeof globalThis
`

const tsconfig = {
  compilerOptions: {
    target: 'es2024',
    module: 'esnext',
    moduleResolution: 'bundler',
    // The web standards that a function finds at hand: fetch, Request, URL, crypto, timers. There is no DOM and no Node.
    lib: ['es2024', 'webworker', 'webworker.iterable'],
    types: [],
    strict: true,
    // `function calculateTax(req, res)` is how functions are written; plain JavaScript must not drown in errors about missing types.
    noImplicitAny: false,
    useUnknownInCatchVariables: false,
    allowJs: true,
    skipLibCheck: true,
    moduleDetection: 'force',
    noEmit: true,
  },
  include: ['**/*.ts', '**/*.js'],
}

const manifest = (gatewayId: string) => ({
  name: gatewayId,
  private: true,
  type: 'module',
  description: `Functions of the imprun gateway ${gatewayId}. Saving one publishes it to dev. Saving this file installs its dependencies for all of them.`,
})

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
