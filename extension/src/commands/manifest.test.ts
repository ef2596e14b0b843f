import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { contextValueSamples } from '../tree/context-values.ts'
import { commandIds, rowOnlyCommandIds } from './command-table.ts'

interface MenuItem {
  command: string
  when?: string
}
interface Manifest {
  activationEvents: string[]
  contributes: {
    commands: { command: string; title: string; category: string }[]
    menus: Record<string, MenuItem[]>
    views: Record<string, { id: string; name: string }[]>
    viewsWelcome: { view: string; contents: string }[]
    configuration: { properties: Record<string, unknown> }
    walkthroughs: { steps: { media: { markdown: string }; description: string }[] }[]
  }
}
const folder = path.join(import.meta.dirname, '..', '..')
const read = (file: string) => readFileSync(path.join(folder, file), 'utf8')
const { activationEvents, contributes }: Manifest = JSON.parse(read('package.json'))
const words: Record<string, string> = JSON.parse(read('package.nls.json'))
const inMenus = Object.entries(contributes.menus).flatMap(([menu, items]) => items.map((item) => ({ menu, ...item })))

describe('the manifest', () => {
  it('names the commands of the code, each once', () => {
    assert.deepEqual(contributes.commands.map(({ command }) => command).sort(), [...commandIds].sort())
  })

  it('puts every command into the palette under one category, save those that need their row', () => {
    assert.ok(contributes.commands.every(({ category }) => category === 'imprun'))
    const hidden = inMenus.filter(({ menu, when }) => menu === 'commandPalette' && when === 'false').map(({ command }) => command)
    assert.deepEqual(hidden, [...rowOnlyCommandIds])
  })

  it('uses only its own commands and views in menus, welcome texts and the walkthrough', () => {
    const views = Object.values(contributes.views).flatMap((list) => list.map(({ id }) => id))
    for (const { command } of inMenus) assert.ok(commandIds.includes(command as never), command)
    for (const { when = '' } of inMenus) for (const [, view] of when.matchAll(/view == ([\w.]+)/g)) assert.ok(views.includes(view ?? ''), when)
    for (const { view } of contributes.viewsWelcome) assert.ok(views.includes(view), view)
    const linked = [...JSON.stringify(words).matchAll(/\(command:([\w.]+)\)/g)].map(([, command]) => command)
    assert.deepEqual(
      [...new Set(linked)].filter((command) => !commandIds.includes(command as never)),
      [],
    )
  })

  it('shows every menu of rows on at least one kind of row', () => {
    for (const { when = '', command } of inMenus.filter(({ menu }) => menu === 'view/item/context')) {
      const pattern = /viewItem =~ \/(.+?)\/(?: |$)/.exec(when)?.[1]
      const equal = /viewItem == ([\w;-]+)/.exec(when)?.[1]
      const matches = contextValueSamples.filter((value) => (pattern ? new RegExp(pattern).test(value) : value === equal))
      assert.ok(matches.length > 0, `${command}: ${when}`)
    }
  })

  it('takes every word from the language files, and leaves none of theirs unused', () => {
    const used = [...read('package.json').matchAll(/"%([\w.]+)%"/g)].map(([, key]) => key)
    assert.deepEqual([...new Set(used)].sort(), Object.keys(words).sort())
  })

  it('has the pictures and texts that it names', () => {
    for (const [, file] of read('package.json').matchAll(/"(media\/[^"]+)"/g)) assert.ok(read(file ?? '').length > 0, file)
  })

  it('never activates on everything', () => {
    assert.ok(!activationEvents.includes('*'))
  })
})
