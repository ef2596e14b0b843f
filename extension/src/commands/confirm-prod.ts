import * as vscode from 'vscode'

/** Whether something that reaches prod asks first. */
export const mustConfirmProd = (): boolean => vscode.workspace.getConfiguration('imprun').get('confirmProd', true)
