import * as vscode from 'vscode'

export interface Choice<Value> {
  readonly label: string
  readonly description?: string
  readonly detail?: string
  readonly value: Value
}

export interface InputQuestion {
  readonly title: string
  readonly prompt?: string
  readonly placeholder?: string
  readonly value?: string
  readonly isSecret?: boolean
  /** Words that say what is wrong, or undefined when the text will do. */
  readonly validate?: (text: string) => string | undefined
}

/** Everything that is asked of a person or told to one. One interface, so that a test can answer. Escape is `undefined`, never an error. */
export interface Prompts {
  /** @param heading a line over the choices, which cannot be chosen. */
  pick<Value>(title: string, choices: readonly Choice<Value>[] | Promise<readonly Choice<Value>[]>, heading?: string): Promise<Value | undefined>
  /** Any number of the choices, none included. */
  pickMany<Value>(title: string, choices: readonly (Choice<Value> & { isPicked: boolean })[]): Promise<readonly Value[] | undefined>
  input(question: InputQuestion): Promise<string | undefined>
  /** A modal question with one way to say yes. */
  confirm(question: { message: string; detail: string; yes: string }): Promise<boolean>
  /** A notification that offers actions; the label of the one chosen. */
  offer(kind: 'info' | 'warning' | 'error', message: string, ...actions: string[]): Promise<string | undefined>
  /** A short word in the status bar, for what needs no answer. */
  tell(message: string): void
}

// Long enough to be read, short enough not to cover what comes next.
const tellMs = 4_000

export const windowPrompts: Prompts = {
  async pick<Value>(title: string, choices: readonly Choice<Value>[] | Promise<readonly Choice<Value>[]>, heading?: string) {
    const items = Promise.resolve(choices).then((list): (vscode.QuickPickItem & { value?: Value })[] => [
      ...(heading ? [{ label: heading, kind: vscode.QuickPickItemKind.Separator }] : []),
      ...list.map(({ label, description, detail, value }) => ({ label, value, ...optional({ description, detail }) })),
    ])
    const picked = await vscode.window.showQuickPick(items, { title, matchOnDescription: true, matchOnDetail: true })
    return picked?.value
  },

  async pickMany<Value>(title: string, choices: readonly (Choice<Value> & { isPicked: boolean })[]) {
    const items = choices.map(({ label, description, detail, value, isPicked: picked }) => ({
      ...{ label, value, picked },
      ...optional({ description, detail }),
    }))
    const picked = await vscode.window.showQuickPick(items, { title, canPickMany: true, matchOnDescription: true })
    return picked?.map(({ value }) => value)
  },

  async input({ title, prompt, placeholder, value, isSecret, validate }) {
    return vscode.window.showInputBox({
      title,
      ignoreFocusOut: true,
      password: isSecret ?? false,
      ...(prompt === undefined ? {} : { prompt }),
      ...(placeholder === undefined ? {} : { placeHolder: placeholder }),
      ...(value === undefined ? {} : { value }),
      ...(validate ? { validateInput: (text: string) => validate(text) } : {}),
    })
  },

  async confirm({ message, detail, yes }) {
    return (await vscode.window.showWarningMessage(message, { modal: true, detail }, yes)) === yes
  },

  async offer(kind, message, ...actions) {
    const show = { info: vscode.window.showInformationMessage, warning: vscode.window.showWarningMessage, error: vscode.window.showErrorMessage }[kind]
    return show(message, ...actions)
  },

  tell(message) {
    vscode.window.setStatusBarMessage(message, tellMs)
  },
}

const optional = ({ description, detail }: { description: string | undefined; detail: string | undefined }) => ({
  ...(description ? { description } : {}),
  ...(detail ? { detail } : {}),
})
