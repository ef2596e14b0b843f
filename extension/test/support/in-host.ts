import { strict as assert } from 'node:assert'
import * as vscode from 'vscode'
import type { TestAccess } from '../../src/extension.ts'
import type { TreeNode } from '../../src/tree/tree-node.ts'
import type { TreeProvider } from '../../src/tree/tree-provider.ts'
import type { Prompts } from '../../src/ui/prompts.ts'
import { eventually } from './eventually.ts'

/** What tests in the extension host share: one extension, one backend, one sign-in. */
export interface InHost extends TestAccess {
  readonly extension: vscode.Extension<TestAccess>
  /** Calls a function of the edge. */
  call(address: string, init?: RequestInit): Promise<{ status: number; body: unknown }>
}

export async function activated(): Promise<InHost> {
  const extension = vscode.extensions.getExtension<TestAccess>('imprun.imprun')
  assert.ok(extension, 'The extension is not installed.')
  const access = await extension.activate()
  assert.ok(access, 'The extension was not told that it is tested.')
  const call = async (address: string, init: RequestInit = {}) => {
    const response = await fetch(address, init)
    const text = await response.text()
    return { status: response.status, body: text ? JSON.parse(text) : undefined }
  }
  return { ...access, extension, call }
}

/** Signed in as one click does it. */
export async function signedIn(): Promise<InHost> {
  const host = await activated()
  if (host.inside.session.status !== 'online') await vscode.commands.executeCommand('imprun.signIn')
  await eventually(() => assert.equal(host.inside.session.status, 'online'))
  return host
}

export interface Answers {
  /** Labels to choose, in the order of the questions. */
  pick?: (string | RegExp)[]
  /** Labels or descriptions to tick, one list for each question; absent: given up. */
  pickMany?: string[][]
  input?: string[]
  confirm?: boolean
  /** Label of the action to choose of an offer; others are passed over. */
  offer?: string
}

/** Answers in place of a person, and keeps what was asked, told and offered to choose from. */
export function answer(host: InHost, answers: Answers = {}): { asked: string[]; told: string[]; offered: string[] } {
  const asked: string[] = []
  const offered: string[] = []
  const told: string[] = []
  const [picks, manyPicks, inputs] = [[...(answers.pick ?? [])], [...(answers.pickMany ?? [])], [...(answers.input ?? [])]]
  const prompts: Prompts = {
    async pick(title, choices) {
      asked.push(title)
      const wanted = picks.shift()
      const list = await choices
      offered.push(...list.map(({ label, description, detail }) => [label, description, detail].filter(Boolean).join(' ')))
      const found = list.find(({ label }) => (wanted instanceof RegExp ? wanted.test(label) : label === wanted))
      return found?.value
    },
    async pickMany(title, choices) {
      asked.push(title)
      const wanted = manyPicks.shift()
      return wanted && choices.filter(({ label, description }) => wanted.includes(label) || wanted.includes(description ?? '')).map(({ value }) => value)
    },
    async input({ title, validate }) {
      asked.push(title)
      const text = inputs.shift()
      const fault = text === undefined ? undefined : validate?.(text)
      if (fault) told.push(fault)
      return fault ? undefined : text
    },
    async confirm({ message }) {
      asked.push(message)
      return answers.confirm ?? false
    },
    async offer(_, message, ...actions) {
      told.push(message)
      return actions.find((action) => action === answers.offer)
    },
    tell: (message) => void told.push(message),
  }
  host.answerWith(prompts)
  return { asked, told, offered }
}

/** Rows of a view as they are shown: label and description. */
export async function rows(provider: TreeProvider, parent?: TreeNode): Promise<{ node: TreeNode; text: string }[]> {
  const nodes = await provider.getChildren(parent)
  return nodes.map((node) => {
    const item = provider.getTreeItem(node)
    const label = typeof item.label === 'string' ? item.label : (item.label?.label ?? '')
    return { node, text: [label, item.description].filter(Boolean).join(' | ') }
  })
}

/** The row at a path of labels, for example `['Home tax', 'dev', 'calculateTax']`. */
export async function rowAt(provider: TreeProvider, ...labels: string[]): Promise<{ node: TreeNode; text: string }> {
  let found: { node: TreeNode; text: string } | undefined
  for (const label of labels) {
    const below = await rows(provider, found?.node)
    found = below.find(({ text }) => text === label || text.startsWith(`${label} |`))
    assert.ok(found, `There is no row "${label}" among ${below.map(({ text }) => `"${text}"`).join(', ')}.`)
  }
  return found ?? assert.fail('No label was given.')
}

/** Puts other text into a document and saves it. */
export async function saveText(document: vscode.TextDocument, text: string): Promise<void> {
  const edit = new vscode.WorkspaceEdit()
  edit.replace(document.uri, new vscode.Range(0, 0, document.lineCount, 0), text)
  assert.ok(await vscode.workspace.applyEdit(edit))
  // VS Code may have saved it by itself meanwhile; then nothing is left to save.
  assert.ok((await document.save()) || !document.isDirty)
}
