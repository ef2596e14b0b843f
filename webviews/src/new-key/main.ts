import { type NewKeyToHost, type NewKeyToWebview, newKeyToWebviewSchema } from '@imprun/contracts/webviews/new-key'
import { element } from '../shared/elements.ts'
import { connect } from '../shared/messaging.ts'
import { button } from '../shared/toolkit.ts'
import { readWords } from '../shared/words.ts'

type Shown = Extract<NewKeyToWebview, { type: 'show' }>

const words = readWords()
const status = element('p', { class: 'status', role: 'status', 'aria-live': 'polite' })
// How long that stays; long enough to be read and heard.
const copiedMs = 4_000

const host = connect<NewKeyToHost, NewKeyToWebview>(newKeyToWebviewSchema, (message) => {
  if (message.type === 'show') show(message)
  else tellCopied(message.what)
})

function show({ holder, target, secret, curl }: Shown): void {
  const copyKey = button({ label: words('copyKey'), isPrimary: true, onPress: () => host.send({ type: 'copyKey' }) })
  document.body.replaceChildren(
    element(
      'main',
      {},
      element('h1', {}, words('heading', holder)),
      element('p', {}, words('opens', target)),
      element('p', { class: 'once', role: 'note' }, words('once')),
      element('h2', { id: 'key-label' }, words('key')),
      element('div', { class: 'row' }, secretText('key-label', secret), copyKey),
      element('h2', { id: 'call-label' }, words('call')),
      element('div', { class: 'row' }, secretText('call-label', curl), button({ label: words('copyCurl'), onPress: () => host.send({ type: 'copyCurl' }) })),
      element('div', { class: 'end' }, button({ label: words('close'), onPress: () => host.send({ type: 'close' }) }), status),
    ),
  )
  copyKey.focus()
}

/** Selectable as a whole and reachable by keyboard. */
function secretText(labelId: string, text: string): HTMLElement {
  return element('code', { class: 'secret', tabindex: '0', role: 'textbox', 'aria-readonly': 'true', 'aria-labelledby': labelId }, text)
}

let clearing: ReturnType<typeof setTimeout> | undefined
function tellCopied(what: 'key' | 'curl'): void {
  status.textContent = words(what === 'key' ? 'copiedKey' : 'copiedCurl')
  clearTimeout(clearing)
  clearing = setTimeout(() => {
    status.textContent = ''
  }, copiedMs)
}

host.send({ type: 'ready' })
