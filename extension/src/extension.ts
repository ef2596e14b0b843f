import type * as vscode from 'vscode'
import { compose, type Inside } from './compose.ts'
import { type Prompts, windowPrompts } from './ui/prompts.ts'

/** What a test in the extension host gets: VS Code refuses dialogs there, so the test answers in their place. */
export interface TestAccess {
  readonly inside: Inside
  readonly activationMs: number
  answerWith(prompts: Partial<Prompts>): void
}

export function activate(extension: vscode.ExtensionContext): TestAccess | undefined {
  const startedAtMs = performance.now()
  if (process.env.IMPRUN_EDITOR_TESTS !== '1') {
    compose(extension, { environment: process.env })
    return undefined
  }
  let prompts: Prompts = windowPrompts
  const replaceable: Prompts = {
    pick: (...args) => prompts.pick(...args),
    pickMany: (...args) => prompts.pickMany(...args),
    input: (...args) => prompts.input(...args),
    confirm: (...args) => prompts.confirm(...args),
    offer: (...args) => prompts.offer(...args),
    tell: (...args) => prompts.tell(...args),
  }
  const inside = compose(extension, { environment: process.env, prompts: replaceable })
  return {
    inside,
    activationMs: performance.now() - startedAtMs,
    answerWith: (answers) => {
      prompts = { ...windowPrompts, ...answers }
    },
  }
}
