// `npm run bench -- <name> [arguments]`: runs bench/<name>.ts.
import { glob } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { repository, runInTerminal } from '../lib/programs.ts'

const [name, ...args] = process.argv.slice(2)
const files = await Array.fromAsync(glob('bench/*.ts', { cwd: repository, exclude: (file) => file.endsWith('.test.ts') }))
const names = files.map((file) => basename(file, '.ts')).sort()
if (name !== undefined && names.includes(name)) {
  process.exitCode = await runInTerminal(join(repository, 'bench', `${name}.ts`), args)
} else {
  console.error(`There is no benchmark ${name ?? ''}. npm run bench -- <name>, where name is one of: ${names.join(', ') || '(none yet)'}.`)
  process.exitCode = 1
}
