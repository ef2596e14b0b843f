import { join } from 'node:path'
import { build } from 'esbuild'

/**
 * Bundles test files for the extension host, which loads CommonJS.
 * @param outfile inside the repository, since mocha is loaded from beside it, and named .cjs
 */
export async function bundleSuite(files: string[], outfile: string): Promise<void> {
  const entry = JSON.stringify(join(import.meta.dirname, 'suite-entry.ts'))
  const loads = files.map((file) => `() => import(${JSON.stringify(file)})`)
  await build({
    stdin: {
      contents: `import { runSuite } from ${entry}\nexport const run = () => runSuite([${loads.join(', ')}])\n`,
      resolveDir: import.meta.dirname,
      loader: 'ts',
    },
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node22',
    sourcemap: 'inline',
    external: ['vscode', 'mocha'],
    logLevel: 'warning',
  })
}
