// What a newcomer reads must be true: the links lead somewhere, the commands are there.
import { strict as assert } from 'node:assert'
import { existsSync } from 'node:fs'
import { glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { tasks } from '../scripts/lib/tasks.mjs'

const repository = join(import.meta.dirname, '..')

async function readDocuments(): Promise<{ file: string; text: string }[]> {
  const files = await Array.fromAsync(glob(['*.md', 'docs/**/*.md'], { cwd: repository }))
  return await Promise.all(files.map(async (file) => ({ file, text: await readFile(join(repository, file), 'utf8') })))
}

describe('the documents', () => {
  it('link to files that are there', async () => {
    const broken = (await readDocuments()).flatMap(({ file, text }) =>
      [...text.matchAll(/\]\(([^)\s]+)\)/g)]
        .map(([, target = '']) => target.replace(/#.*$/, ''))
        .filter((target) => target !== '' && !/^[a-z]+:/.test(target) && !existsSync(join(repository, dirname(file), target)))
        .map((target) => `${file} -> ${target}`),
    )
    assert.deepEqual(broken, [])
  })

  it('name npm commands that are there', async () => {
    const { scripts } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    const named = (await readDocuments()).flatMap(({ text }) =>
      [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(start|test))\b/g)].map(([, run, short]) => run ?? short ?? ''),
    )
    assert.deepEqual(
      [...new Set(named)].filter((name) => scripts[name] === undefined),
      [],
    )
  })

  it('can rely on every task having its command, and every command its task', async () => {
    const { scripts } = JSON.parse(await readFile(join(repository, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
    assert.deepEqual(scripts, Object.fromEntries(Object.keys(tasks).map((task) => [task, `node scripts/run.mjs ${task}`])))
  })
})
