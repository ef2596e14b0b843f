import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { build, type Plugin } from 'esbuild'
import { partNames, standInPackages } from './builtin-table.ts'

const folder = path.join(import.meta.dirname, 'node')

/** The files of `node/` with the packages that they are made of. @returns their texts by file name, shared pieces among them. */
export async function readBuiltinParts(): Promise<ReadonlyMap<string, string>> {
  const { outputFiles } = await build({
    entryPoints: [...new Set(partNames.values())].map((name) => path.join(folder, `${name}.ts`)),
    outdir: folder,
    bundle: true,
    splitting: true,
    write: false,
    format: 'esm',
    platform: 'browser',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['worker', 'browser', 'module'],
    target: 'es2024',
    charset: 'utf8',
    minifyWhitespace: true,
    minifySyntax: true,
    define: { global: 'globalThis', 'process.env.NODE_ENV': '"production"', 'process.env.NODE_DEBUG': '""' },
    legalComments: 'none',
    logLevel: 'silent',
    tsconfigRaw: '{}',
    plugins: [useStandIns],
  })
  return new Map(outputFiles.map((file) => [path.basename(file.path), file.text]))
}

const useStandIns: Plugin = {
  name: 'use-stand-ins',
  setup(plugins) {
    plugins.onResolve({ filter: /^(?:node:|process\/?$)/ }, ({ path: specifier, kind }) => {
      const name = specifier.replace(/^node:|\/$/g, '')
      if (name === 'process') return { path: name, namespace: 'process' }
      return plugins.resolve(standInPackages[name] ?? name, { kind, resolveDir: folder })
    })
    // Packages require it, and take what they get for the object itself.
    plugins.onLoad({ filter: /.*/, namespace: 'process' }, () => ({
      contents: "module.exports = require('./process-object.ts').processObject",
      resolveDir: folder,
    }))
    plugins.onLoad({ filter: /[\\/]node-inspect-extracted[\\/]dist[\\/]inspect\.js$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8')
      const without = source.replace('["Atomics",', '[')
      if (without === source) throw new Error('node-inspect-extracted no longer names Atomics, which functions do not have, where it is left out.')
      return { contents: without, loader: 'js' }
    })
  },
}
