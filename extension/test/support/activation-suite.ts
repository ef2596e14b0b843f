// Runs inside the extension host: how long the packaged extension takes from first need to active, its code read and compiled.
import { strict as assert } from 'node:assert'
import { writeFileSync } from 'node:fs'
import * as vscode from 'vscode'
import { activationFileVariable } from './activation-file.ts'

describe('the extension', () => {
  it('activates', async () => {
    const extension = vscode.extensions.getExtension('imprun.imprun')
    assert.ok(extension, 'the extension is installed')
    assert.equal(extension.isActive, false, 'nobody activated it before it was needed')
    const startedAtMs = performance.now()
    await extension.activate()
    const activationMs = performance.now() - startedAtMs
    const file = process.env[activationFileVariable]
    assert.ok(file)
    writeFileSync(file, JSON.stringify({ activationMs }))
  })
})
