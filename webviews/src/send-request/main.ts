import {
  type EditedRequest,
  editedRequestSchema,
  type SendRequestToHost,
  type SendRequestToWebview,
  type SendTarget,
  sendRequestToWebviewSchema,
} from '@imprun/contracts/webviews/send-request'
import { element } from '../shared/elements.ts'
import { connect } from '../shared/messaging.ts'
import { button, dropdown, textArea, textField } from '../shared/toolkit.ts'
import { readWords } from '../shared/words.ts'
import { AnswerView } from './answer-view.ts'
import { HeaderRows } from './header-rows.ts'
import { keptLists } from './kept-lists.ts'

const words = readWords()
const environment = dropdown({ label: words('environment'), options: ['dev', 'staging', 'prod'], onChange: () => drawTarget() })
const method = dropdown({ label: words('method'), options: editedRequestSchema.shape.method.options, onChange: () => drawBody() })
const address = element('code', { class: 'address', tabindex: '0', role: 'textbox', 'aria-readonly': 'true', 'aria-label': words('address') })
const query = textField({ label: words('query'), placeholder: words('queryHint') })
const headers = new HeaderRows(words)
const body = textArea({ label: words('body'), rows: 7 })
const keyRow = element('div', { class: 'key row' })
const kept = element('div', { class: 'kept' })
const answer = new AnswerView(words)
const send = button({ label: words('send'), isPrimary: true, onPress: () => sendNow() })
const cancel = button({ label: words('cancel'), onPress: () => host.send({ type: 'cancel' }) })
let targets: readonly SendTarget[] = []
let isSending = false

const host = connect<SendRequestToHost, SendRequestToWebview>(sendRequestToWebviewSchema, receive)

function receive(message: SendRequestToWebview): void {
  switch (message.type) {
    case 'show':
      environment.value = message.environment
      edit(message.request)
      return draw(message.target)
    case 'targets':
      targets = message.targets
      return drawTarget()
    case 'kept':
      return kept.replaceChildren(...keptLists(words, message, { use: useKept, remove: (name) => host.send({ type: 'remove', name }) }))
    case 'sending':
      setSending(true)
      return answer.showWaiting()
    case 'answered':
      setSending(false)
      return answer.show(message)
    case 'failed':
      setSending(false)
      return answer.showFailure(message.message)
  }
}

function draw(target: string): void {
  document.body.replaceChildren(
    element(
      'main',
      {},
      element('h1', {}, words('heading', target)),
      element('div', { class: 'row pickers' }, environment.element, method.element, address),
      keyRow,
      query.element,
      headers.element,
      body.element,
      element('div', { class: 'row actions' }, send, cancel, button({ label: words('save'), onPress: () => host.send({ type: 'save', request: edited() }) })),
      answer.element,
      kept,
    ),
  )
  setSending(false)
  drawTarget()
  drawBody()
}

function edited(): EditedRequest {
  return { method: method.value as EditedRequest['method'], query: query.value.replace(/^\?/, ''), headers: headers.value, body: body.value }
}
function edit(request: EditedRequest): void {
  method.value = request.method
  query.value = request.query
  headers.value = request.headers
  body.value = request.body
  drawBody()
}
function useKept(request: EditedRequest, of: SendTarget['environment'] | undefined): void {
  if (of) environment.value = of
  edit(request)
  drawTarget()
  send.focus()
}

function sendNow(): void {
  if (!isSending) host.send({ type: 'send', environment: chosen(), request: edited() })
}
const chosen = (): SendTarget['environment'] => environment.value as SendTarget['environment']

function setSending(is: boolean): void {
  isSending = is
  send.toggleAttribute('disabled', is)
  cancel.hidden = !is
}
/** A GET has no body to write. */
function drawBody(): void {
  body.element.hidden = method.value === 'GET'
}
function drawTarget(): void {
  const target = targets.find((each) => each.environment === chosen())
  address.textContent = target?.url ?? ''
  keyRow.hidden = !target?.needsKey
  if (!target?.needsKey) return
  const enter = button({ label: words(target.keyEnding ? 'replaceKey' : 'enterKey'), onPress: () => host.send({ type: 'enterKey', environment: chosen() }) })
  const forget = button({ label: words('forgetKey'), onPress: () => host.send({ type: 'forgetKey', environment: chosen() }) })
  const told = target.keyEnding ? words('hasKey', `…${target.keyEnding}`) : words('noKey')
  keyRow.replaceChildren(element('span', { role: 'status' }, told), enter, ...(target.keyEnding ? [forget] : []))
}

// As in other editors of requests: ready is what is typed, and one chord sends it.
document.addEventListener('keydown', (event) => {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) sendNow()
  if (event.key === 'Escape' && isSending) host.send({ type: 'cancel' })
})

host.send({ type: 'ready' })
