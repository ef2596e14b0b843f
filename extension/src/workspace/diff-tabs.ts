import * as vscode from 'vscode'

/** What stands on the left of a difference and what on the right. */
export interface Sides {
  readonly left: vscode.Uri
  readonly right: vscode.Uri
  /** There is no text on the left: among many differences it is shown as a new file. */
  readonly isNew?: boolean
}

/** One difference in the diff editor, several in one editor of many diffs. */
export async function openDifferences(title: string, all: readonly Sides[]): Promise<void> {
  const [only, ...more] = all
  if (only && more.length === 0) await vscode.commands.executeCommand('vscode.diff', only.left, only.right, title, { preview: true })
  if (more.length > 0)
    await vscode.commands.executeCommand(
      'vscode.changes',
      title,
      all.map(({ left, right, isNew }) => [right, isNew ? undefined : left, right]),
    )
}

/** Closes what `openDifferences` opened. VS Code does not tell what an editor of many diffs holds, so that one is known by its title. */
export async function closeDifferences(title: string, all: readonly Sides[]): Promise<void> {
  const isOne = ({ input }: vscode.Tab) =>
    input instanceof vscode.TabInputTextDiff &&
    all.some(({ left, right }) => input.original.toString() === left.toString() && input.modified.toString() === right.toString())
  const isMany = ({ input, label }: vscode.Tab) => all.length > 1 && !(input instanceof vscode.TabInputText) && label.startsWith(title)
  // One that was typed into is left to its author.
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs).filter(({ isDirty }) => !isDirty)
  await vscode.window.tabGroups.close(tabs.filter((tab) => isOne(tab) || isMany(tab)))
}
