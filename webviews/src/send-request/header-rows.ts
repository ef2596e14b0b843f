import type { EditedRequest } from '@imprun/contracts/webviews/send-request'
import { element } from '../shared/elements.ts'
import { button, type Field, textField } from '../shared/toolkit.ts'

type Words = (name: string, value?: string) => string
interface Row {
  readonly name: Field
  readonly value: Field
}

/** Headers as rows of two fields, and a button for one more. */
export class HeaderRows {
  readonly element: HTMLElement
  readonly #words: Words
  readonly #list = element('div', { class: 'headers' })
  #rows: Row[] = []

  constructor(words: Words) {
    this.#words = words
    const add = button({ label: words('addHeader'), onPress: () => this.#add('', '').name.focus() })
    this.element = element('fieldset', {}, element('legend', {}, words('headers')), this.#list, add)
  }

  get value(): EditedRequest['headers'] {
    return this.#rows.map(({ name, value }) => ({ name: name.value, value: value.value })).filter(({ name }) => name.trim() !== '')
  }
  set value(headers: EditedRequest['headers']) {
    this.#rows = []
    this.#list.replaceChildren()
    for (const { name, value } of headers) this.#add(name, value)
  }

  #add(name: string, value: string): Row {
    const number = String(this.#rows.length + 1)
    const row: Row = {
      name: textField({ label: this.#words('headerName', number), isLabelHidden: true }),
      value: textField({ label: this.#words('headerValue', number), isLabelHidden: true }),
    }
    row.name.value = name
    row.value.value = value
    const line = element('div', { class: 'row header' }, row.name.element, row.value.element)
    const remove = button({
      label: '×',
      name: this.#words('removeHeader', number),
      onPress: () => {
        this.#rows = this.#rows.filter((other) => other !== row)
        line.remove()
      },
    })
    line.append(remove)
    this.#rows.push(row)
    this.#list.append(line)
    return row
  }
}
