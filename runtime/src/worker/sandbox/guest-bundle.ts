import { createHash, randomUUID } from 'node:crypto'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Plugin } from 'esbuild'

const sourceFolder = path.resolve(import.meta.dirname, '../../sandbox')
const packageFile = path.resolve(import.meta.dirname, '../../../package.json')
/** Inside the checkout and not in a folder that others may write to: what lies there is run beside the authors' code. */
const cacheFolder = path.resolve(import.meta.dirname, '../../../../node_modules/.cache/imprun')

/**
 * The guest as one script. Bundled once per state of its sources and kept, because a spare worker must start in a fraction of a second; where the cache
 * cannot be written it is bundled at every start.
 */
export async function readGuestBundle(): Promise<string> {
  const file = path.join(cacheFolder, `guest-${await hashSources()}.js`)
  const cached = await readFile(file, 'utf8').catch(() => undefined)
  if (cached !== undefined) return cached
  const code = await bundle()
  await keep(file, code).catch(() => undefined)
  return code
}

async function hashSources(): Promise<string> {
  const hash = createHash('sha256')
  const names = (await readdir(sourceFolder, { recursive: true })).filter((name) => name.endsWith('.ts')).sort()
  const contents = await Promise.all([import.meta.filename, packageFile, ...names.map((name) => path.join(sourceFolder, name))].map((file) => readFile(file)))
  for (const content of contents) hash.update(content).update('\0')
  return hash.digest('hex').slice(0, 16)
}

async function bundle(): Promise<string> {
  const { build } = await import('esbuild')
  const built = await build({
    entryPoints: [path.join(sourceFolder, 'guest/main.ts')],
    bundle: true,
    write: false,
    // Identifiers keep their names: those of classes show in what authors print.
    minifyWhitespace: true,
    minifySyntax: true,
    format: 'iife',
    // Neither Node nor a browser: the isolate has the language and nothing else. Packages that part their exports are taken as for a browser.
    platform: 'neutral',
    mainFields: ['module', 'main'],
    conditions: ['browser'],
    target: 'es2024',
    legalComments: 'none',
    // The guest's tsconfig maps a package to type declarations, which is for the type checker alone.
    tsconfigRaw: { compilerOptions: { strict: true } },
    plugins: [fitPackagesToIsolate],
  })
  return built.outputFiles[0]?.text ?? ''
}

const fitPackagesToIsolate: Plugin = {
  name: 'fit-packages-to-isolate',
  setup(plugins) {
    plugins.onLoad({ filter: /[\\/]bson[\\/]lib[\\/]bson\.mjs$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8')
      const smaller = source.replace('const MAXSIZE = 1024 * 1024 * 17;', 'const MAXSIZE = 1024 * 16;')
      if (smaller === source) throw new Error('The bson package no longer has its scratch buffer where the guest bundle cuts it.')
      return { contents: smaller, loader: 'js' }
    })
    // A browser has decoders of its own for this encoding, an isolate has none; the package's form for other platforms looks before it leans on them.
    plugins.onLoad({ filter: /[\\/]@exodus[\\/]bytes[\\/]utf16\.browser\.js$/ }, () => ({ contents: "export * from './utf16.native.js'", loader: 'js' }))
    // object-inspect asks Node for its own printer and does without where there is none.
    plugins.onLoad({ filter: /[\\/]object-inspect[\\/]util\.inspect\.js$/ }, () => ({ contents: 'module.exports = {}', loader: 'js' }))
  },
}

/** Several workers may bundle at once: each writes a file of its own and moves it into place whole. */
async function keep(file: string, code: string): Promise<void> {
  await mkdir(cacheFolder, { recursive: true })
  const draft = `${file}.${randomUUID()}`
  await writeFile(draft, code)
  await rename(draft, file)
}
