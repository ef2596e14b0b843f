// Makes the extension's bundles and packs them: `node extension/scripts/build.ts [--bundle]`. With --bundle nothing is packed.
import { cp, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { createVSIX } from '@vscode/vsce'
import { type BuildOptions, build } from 'esbuild'

const extension = path.join(import.meta.dirname, '..')
const repository = path.join(extension, '..')
const dist = path.join(extension, 'dist')
const pluginName = 'imprun-typescript-plugin'
const stage = path.join(extension, 'out', 'vsix')

// What one activation has to read and compile.
const bundleBytesMax = 400 * 1024

const common: BuildOptions = { bundle: true, minify: true, logLevel: 'warning', legalComments: 'none' }

const webviews = ['new-key', 'send-request']
const webviewFiles = (file: string) => Object.fromEntries(webviews.map((name) => [name, path.join(repository, 'webviews', 'src', name, file)]))

async function bundle(): Promise<void> {
  await rm(dist, { recursive: true, force: true })
  await Promise.all([
    build({
      ...common,
      entryPoints: [path.join(extension, 'src', 'extension.ts')],
      outfile: path.join(dist, 'extension.cjs'),
      // VS Code 1.106 runs extensions on Node 22.
      ...{ platform: 'node', target: 'node22', format: 'cjs', external: ['vscode'] },
      // Zod asks `navigator` which platform this is; in the extension host the mere question is logged as an error.
      define: { navigator: 'undefined' },
    }),
    build({
      ...common,
      entryPoints: webviewFiles('main.ts'),
      outdir: path.join(dist, 'webviews'),
      ...{ platform: 'browser', target: 'chrome138', format: 'esm' },
      // Zod tries out whether code may be made from text, which the page's policy forbids and reports. On this platform it does not try.
      define: { 'navigator.userAgent': '"Cloudflare-Workers"' },
    }),
    build({
      ...common,
      entryPoints: webviewFiles('styles.css'),
      outdir: path.join(dist, 'webviews'),
    }),
    bundlePlugin(),
  ])
  const { size } = await stat(path.join(dist, 'extension.cjs'))
  console.log(`extension.cjs ${(size / 1024).toFixed(0)} KB of at most ${bundleBytesMax / 1024} KB`)
  if (size > bundleBytesMax) throw new Error('The extension bundle is too large: see what came in with `esbuild --analyze`.')
}

/** The TypeScript server looks for plugins in the extension's node_modules, and wants the factory itself as the module. */
async function bundlePlugin(): Promise<void> {
  const folder = path.join(extension, 'node_modules', pluginName)
  await rm(folder, { recursive: true, force: true })
  await build({
    ...common,
    entryPoints: [path.join(extension, 'typescript-plugin', 'plugin.ts')],
    outfile: path.join(folder, 'index.js'),
    footer: { js: 'module.exports = module.exports.createPlugin' },
    ...{ platform: 'node', target: 'node20', format: 'cjs' },
  })
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: pluginName, version: '0.1.0', license: 'MIT', main: 'index.js' }))
}

/** Only what a user needs is put in the package: a folder of its own says that better than a list of exceptions. */
async function pack(): Promise<string> {
  const { devDependencies: _, type: __, ...manifest } = JSON.parse(await readFile(path.join(extension, 'package.json'), 'utf8'))
  await rm(stage, { recursive: true, force: true })
  await mkdir(stage, { recursive: true })
  await writeFile(path.join(stage, 'package.json'), JSON.stringify({ ...manifest, files: ['**'], dependencies: { [pluginName]: '0.1.0' } }, null, 2))
  for (const name of ['package.nls.json', 'package.nls.ko.json', 'README.md', 'CHANGELOG.md', 'dist', 'l10n', 'types'])
    await cp(path.join(extension, name), path.join(stage, name), { recursive: true })
  for (const name of ['activity.svg', 'icon.png', 'walkthrough'])
    await cp(path.join(extension, 'media', name), path.join(stage, 'media', name), { recursive: true })
  await cp(path.join(extension, 'node_modules', pluginName), path.join(stage, 'node_modules', pluginName), { recursive: true })
  await cp(path.join(repository, 'LICENSE'), path.join(stage, 'LICENSE'))
  const packagePath = path.join(extension, `imprun-${manifest.version}.vsix`)
  await createVSIX({ cwd: stage, packagePath, useYarn: false })
  return packagePath
}

await bundle()
if (!process.argv.includes('--bundle')) console.log(`packed ${path.relative(process.cwd(), await pack())}`)
