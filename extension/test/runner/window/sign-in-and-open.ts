import type { Workbench } from './workbench.ts'

/** Where most journeys begin: signed in, with the demo's function open and live. */
export async function signInAndOpen(workbench: Workbench): Promise<void> {
  await workbench.openContainer('imprun')
  await workbench.welcomeButton('Sign in').click()
  await workbench.expand(workbench.treeItem(/^Gateway Home tax/))
  await workbench.expand(workbench.treeItem(/^Environment dev/))
  await workbench.treeItem(/^Function calculateTax in dev/).click()
  await workbench.editors.tab(/calculateTax\.ts/).waitFor()
  await workbench.statusBarItem(/imprun dev: live/).waitFor()
}
