import { press } from './press.ts'
import type { Workbench } from './workbench.ts'

/** Where most journeys begin: signed in, with the demo's function open and live. */
export async function signInAndOpen(workbench: Workbench): Promise<void> {
  await workbench.openContainer('imprun')
  // The view is drawn anew once a backend was found on the machine.
  await press(workbench.welcomeButton('Sign in'))
  await workbench.expand(workbench.treeItem(/^Gateway Home tax/))
  await workbench.expand(workbench.treeItem(/^Environment dev/))
  await press(workbench.treeItem(/^Function calculateTax in dev/))
  await workbench.editors.tab(/calculateTax\.ts/).waitFor()
  await workbench.statusBarItem(/imprun dev: live/).waitFor()
}
