// `npm run check`: types of every tsconfig, and Biome's format, lint and boundaries.
import { glob } from 'node:fs/promises'
import { type Outcome, programs, repository, runQuietly, seconds } from '../lib/programs.ts'

const configs = await Array.fromAsync(
  glob('{,*/,*/*/,*/*/*/,*/*/*/*/}tsconfig.json', { cwd: repository, exclude: (name) => /node_modules|fixtures|dist|^\./.test(name) }),
)
const checks: [string, () => Promise<Outcome>][] = [
  ...configs.sort().map((config): [string, () => Promise<Outcome>] => [`types ${config}`, () => runQuietly(programs.tsc, ['--noEmit', '--project', config])]),
  ['format, lint, boundaries', () => runQuietly(programs.biome, ['check', '--error-on-warnings', '--max-diagnostics=100', '.'])],
]

for (const [name, outcome] of await Promise.all(checks.map(async ([name, run]) => [name, await run()] as const))) {
  console.log(`${outcome.isOk ? 'ok    ' : 'FAILED'} ${name} (${seconds(outcome.tookMs)})`)
  if (outcome.isOk) continue
  console.log(outcome.output)
  process.exitCode = 1
}
