import { strict as assert } from 'node:assert'
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

const extension = path.join(import.meta.dirname, '..', '..')
const readJson = (file: string): Record<string, string> => JSON.parse(readFileSync(path.join(extension, file), 'utf8'))
const placeholders = (text: string) => [...new Set(text.match(/\{\d\}/g) ?? [])].sort()

/** Every text that the sources hand to `t`; they are literals, so a search finds them. */
function textsInSources(): Set<string> {
  const sources = globSync('src/**/*.ts', { cwd: extension }).filter((file) => !file.endsWith('.test.ts'))
  const calls = sources.flatMap((file) => [...readFileSync(path.join(extension, file), 'utf8').matchAll(/\bt\(\s*(?:t,\s*)?'((?:[^'\\]|\\.)*)'/g)])
  return new Set(calls.map((call) => (call[1] ?? '').replaceAll("\\'", "'")))
}

describe('translations', () => {
  it('say in Korean every text of the sources, and no other', () => {
    assert.deepEqual(Object.keys(readJson('l10n/bundle.l10n.ko.json')).sort(), [...textsInSources()].sort())
  })

  it('say in Korean every text of the manifest', () => {
    assert.deepEqual(Object.keys(readJson('package.nls.ko.json')).sort(), Object.keys(readJson('package.nls.json')).sort())
  })

  it('keep the places where values go', () => {
    for (const [english, korean] of Object.entries(readJson('l10n/bundle.l10n.ko.json'))) assert.deepEqual(placeholders(korean), placeholders(english), english)
  })

  it('keep the commands behind the links of the welcome views', () => {
    const [english, korean] = [readJson('package.nls.json'), readJson('package.nls.ko.json')]
    const links = (text = '') => (text.match(/\(command:[^)]+\)/g) ?? []).sort()
    for (const [key, text] of Object.entries(english)) assert.deepEqual(links(korean[key]), links(text), key)
  })
})
