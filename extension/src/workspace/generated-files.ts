/** What lies beside the functions of a gateway so that the editor's own TypeScript understands them. */
export function generatedFiles(gatewayId: string, typesText: string): Record<string, string> {
  return { 'tsconfig.json': json(tsconfig), 'package.json': json(manifest(gatewayId)), 'imprun.d.ts': typesText }
}

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
  description: `Functions of the imprun gateway ${gatewayId}. Saving one publishes it to dev. This file, tsconfig.json and imprun.d.ts are written by imprun.`,
})

const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`
