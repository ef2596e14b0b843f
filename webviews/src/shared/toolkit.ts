// The only module that knows which component library the webviews use, so that another one means changing one file.
// The prefix keeps its elements apart from those of libraries that claim the names `vscode-…`.
import { provideVSCodeDesignSystem, vsCodeButton, vsCodeDropdown, vsCodeOption, vsCodeTextArea, vsCodeTextField } from '@vscode/webview-ui-toolkit'
import { element } from './elements.ts'

let isRegistered = false

function register(): void {
  if (isRegistered) return
  provideVSCodeDesignSystem().withPrefix('imp').register(vsCodeButton(), vsCodeDropdown(), vsCodeOption(), vsCodeTextArea(), vsCodeTextField())
  isRegistered = true
}

export interface ButtonOptions {
  readonly label: string
  /** What a screen reader says, where the label is only a sign. */
  readonly name?: string
  readonly isPrimary?: boolean
  readonly onPress: () => void
}

export function button({ label, name, isPrimary = false, onPress }: ButtonOptions): HTMLElement {
  register()
  const made = document.createElement('imp-button')
  made.setAttribute('appearance', isPrimary ? 'primary' : 'secondary')
  if (name !== undefined) {
    made.setAttribute('aria-label', name)
    made.title = name
  }
  made.textContent = label
  made.addEventListener('click', onPress)
  return made
}

/** An input with its label. */
export interface Field {
  readonly element: HTMLElement
  value: string
  focus(): void
}
interface FieldOptions {
  readonly label: string
  /** The label is only told to screen readers. */
  readonly isLabelHidden?: boolean
  readonly placeholder?: string
}

type ValueElement = HTMLElement & { value: string }

/** The library names its fields after what they are ("Text field") whenever they come into a page, over any name they had. */
function keepName(made: HTMLElement, label: string): void {
  const name = () => {
    if (made.getAttribute('aria-label') !== label) made.setAttribute('aria-label', label)
  }
  name()
  new MutationObserver(name).observe(made, { attributeFilter: ['aria-label'] })
}

function toField(made: ValueElement, { label, isLabelHidden = false }: FieldOptions): Field {
  keepName(made, label)
  const shown = isLabelHidden ? [] : [element('span', { class: 'label', 'aria-hidden': 'true' }, label)]
  return {
    element: element('div', { class: 'field' }, ...shown, made),
    get value() {
      return made.value
    },
    set value(value) {
      made.value = value
    },
    focus: () => made.focus(),
  }
}

export function textField(options: FieldOptions): Field {
  register()
  const made = document.createElement('imp-text-field') as ValueElement
  if (options.placeholder !== undefined) made.setAttribute('placeholder', options.placeholder)
  return toField(made, options)
}

export function textArea(options: FieldOptions & { rows: number }): Field {
  register()
  const made = document.createElement('imp-text-area') as ValueElement
  made.setAttribute('rows', String(options.rows))
  made.setAttribute('resize', 'vertical')
  return toField(made, options)
}

export function dropdown(options: FieldOptions & { options: readonly string[]; onChange: () => void }): Field {
  register()
  const made = document.createElement('imp-dropdown') as ValueElement
  for (const value of options.options) {
    const option = document.createElement('imp-option')
    option.setAttribute('value', value)
    option.textContent = value
    made.append(option)
  }
  made.addEventListener('change', options.onChange)
  return toField(made, options)
}
