// `npm test [-- [--set=unit|integration|journeys] [--grep=text] [part of a path ...]]`: all tests except the heavy sets.
// `npm run test:<heavy set>` runs one of those.
import { glob } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { addCounts, finish, noCounts } from '../lib/counts.ts'
import { repository } from '../lib/programs.ts'
import { runTestSet } from '../lib/test-set.ts'

const folders = '{contracts,backend,runtime,extension,webviews,bench,scripts,test}'
const isLeftOut = /node_modules|[/\\]fixtures[/\\]|^extension[/\\]test[/\\](suite|ui)[/\\]/
/** Each has a command of its own, `npm run test:<name>`, and only runs when it is named. */
const heavySets: Record<string, RegExp> = { sandbox: /^runtime[/\\]test[/\\]sandbox[/\\]/, chaos: /^backend[/\\]test[/\\]chaos[/\\]/ }
const isHeavy = (file: string): boolean => Object.values(heavySets).some((pattern) => pattern.test(file))

/** The cheap ones first: what is broken in a unit need not be looked for in a journey. */
const sets: Record<string, (file: string) => boolean> = {
  unit: (file) => !/[/\\](integration|journeys)[/\\]/.test(file) && !isHeavy(file),
  integration: (file) => /[/\\]integration[/\\]/.test(file),
  journeys: (file) => /[/\\]journeys[/\\]/.test(file),
  ...Object.fromEntries(Object.entries(heavySets).map(([name, pattern]) => [name, (file: string) => pattern.test(file)])),
}

const { values, positionals } = parseArgs({ options: { grep: { type: 'string' }, set: { type: 'string' } }, allowPositionals: true })
const all = await Array.fromAsync(glob(`${folders}/**/*.test.ts`, { cwd: repository, exclude: (name) => name.includes('node_modules') }))
const wanted = all.filter((file) => !isLeftOut.test(file) && (positionals.length === 0 || positionals.some((part) => file.includes(part)))).sort()

let counts = noCounts
for (const [name, isIn] of Object.entries(sets)) {
  const files = wanted.filter(isIn)
  if (files.length === 0 || (values.set === undefined ? name in heavySets : values.set !== name)) continue
  counts = addCounts(counts, await runTestSet(name, files, values.grep === undefined ? [] : [`--grep=${values.grep}`]))
}
await finish(counts)
