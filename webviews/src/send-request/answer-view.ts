import type { SendRequestToWebview } from '@imprun/contracts/webviews/send-request'
import { element } from '../shared/elements.ts'

type Answered = Extract<SendRequestToWebview, { type: 'answered' }>
type Words = (name: string, value?: string) => string

/** The answer of the last request, told to a screen reader when it comes. */
export class AnswerView {
  readonly element: HTMLElement
  readonly #words: Words
  readonly #status = element('p', { class: 'answer-status', role: 'status', 'aria-live': 'polite' })
  readonly #content = element('div', {})

  constructor(words: Words) {
    this.#words = words
    this.element = element('section', { class: 'answer', 'aria-label': words('answer') }, element('h2', {}, words('answer')), this.#status, this.#content)
    this.#status.textContent = words('notYet')
  }

  showWaiting(): void {
    this.#tell('waiting', this.#words('sending'))
    this.#content.replaceChildren()
  }
  showFailure(message: string): void {
    this.#tell('bad', this.#words('noAnswer', message))
    this.#content.replaceChildren()
  }
  show({ status, statusText, durationMs, headers, body, bytes, isTruncated }: Answered): void {
    const time = durationMs < 10 ? durationMs.toFixed(1) : String(Math.round(durationMs))
    const size = bytes < 1024 ? `${bytes} B` : `${(bytes / 1024).toFixed(1)} KiB`
    this.#tell(status < 400 ? 'good' : 'bad', this.#words('answered', `${status} ${statusText} · ${time} ms · ${size}`))
    const text = body === '' ? this.#words('emptyBody') : body
    const rows = headers.map(([name, value]) => element('tr', {}, element('th', { scope: 'row' }, name), element('td', {}, value)))
    this.#content.replaceChildren(
      element('pre', { class: 'body', tabindex: '0', role: 'region', 'aria-label': this.#words('body') }, text),
      ...(isTruncated ? [element('p', {}, this.#words('truncated'))] : []),
      element('details', {}, element('summary', {}, `${this.#words('answerHeaders')} (${headers.length})`), element('table', {}, ...rows)),
    )
  }

  #tell(kind: 'good' | 'bad' | 'waiting', text: string): void {
    this.#status.dataset.kind = kind
    this.#status.textContent = text
    // It may be below what is in sight, and is what one waits for.
    requestAnimationFrame(() => this.element.scrollIntoView({ block: 'nearest' }))
  }
}
