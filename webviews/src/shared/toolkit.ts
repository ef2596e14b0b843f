// The only module that knows which component library the webviews use, so that another one means changing one file.
// The prefix keeps its elements apart from those of libraries that claim the names `vscode-…`.
import { provideVSCodeDesignSystem, vsCodeButton } from '@vscode/webview-ui-toolkit'

let isRegistered = false

function register(): void {
  if (isRegistered) return
  provideVSCodeDesignSystem().withPrefix('imp').register(vsCodeButton())
  isRegistered = true
}

export interface ButtonOptions {
  readonly label: string
  readonly isPrimary?: boolean
  readonly onPress: () => void
}

export function button({ label, isPrimary = false, onPress }: ButtonOptions): HTMLElement {
  register()
  const element = document.createElement('imp-button')
  element.setAttribute('appearance', isPrimary ? 'primary' : 'secondary')
  element.textContent = label
  element.addEventListener('click', onPress)
  return element
}
