import { strict as assert } from 'node:assert'
import { globSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'

const extension = path.join(import.meta.dirname, '..', '..')
const styles = readFileSync(createRequire(import.meta.url).resolve('@vscode/codicons/dist/codicon.css'), 'utf8')
const known = new Set([...styles.matchAll(/\.codicon-([a-z0-9-]+):before/g)].map(([, name]) => name))

describe('icons', () => {
  it('are all codicons that exist: an unknown one is an empty space on the screen', () => {
    const sources = ['package.json', ...globSync('src/**/*.ts', { cwd: extension }).filter((file) => !file.endsWith('.test.ts'))]
    const used = sources.flatMap((file) => {
      const text = readFileSync(path.join(extension, file), 'utf8')
      const named = [...text.matchAll(/\$\(([a-z][a-z-]*)(?:~spin)?\)|ThemeIcon\(\s*'([a-z-]+)(?:~spin)?'|\bwords\('([a-z-]+)(?:~spin)?'/g)]
      return named.map(([, inText, inIcon, inWords]) => inText ?? inIcon ?? inWords)
    })
    assert.ok(used.length > 30)
    assert.deepEqual(
      [...new Set(used)].filter((name) => !known.has(name)),
      [],
    )
  })
})
