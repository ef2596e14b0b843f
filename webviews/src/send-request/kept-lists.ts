import type { EditedRequest, SavedRequest, SentRequest } from '@imprun/contracts/webviews/send-request'
import { element } from '../shared/elements.ts'
import { button } from '../shared/toolkit.ts'

type Words = (name: string, value?: string) => string
interface Acts {
  use(request: EditedRequest, environment: SentRequest['environment'] | undefined): void
  remove(name: string): void
}

/** Saved requests and those that were sent last, each ready to be taken up again. */
export function keptLists(words: Words, kept: { saved: readonly SavedRequest[]; history: readonly SentRequest[] }, { use, remove }: Acts): HTMLElement[] {
  const savedRows = kept.saved.map(({ name, request }) =>
    element(
      'li',
      { class: 'row' },
      taker(words, name, summary(request), () => use(request, undefined)),
      button({ label: '×', name: words('remove', name), onPress: () => remove(name) }),
    ),
  )
  const sentRows = kept.history.map(({ request, environment, status, durationMs, at }) => {
    const outcome = status === undefined ? '–' : `${status}${durationMs === undefined ? '' : ` · ${Math.round(durationMs)} ms`}`
    const title = `${environment} · ${outcome} · ${new Date(at).toLocaleTimeString()}`
    return element(
      'li',
      { class: 'row' },
      taker(words, title, summary(request), () => use(request, environment)),
    )
  })
  return [list(words('saved'), savedRows, words('nothingSaved')), list(words('history'), sentRows, words('nothingSent'))]
}

function list(title: string, rows: readonly HTMLElement[], nothing: string): HTMLElement {
  const content = rows.length > 0 ? element('ul', {}, ...rows) : element('p', { class: 'nothing' }, nothing)
  return element('section', {}, element('h2', {}, title), content)
}

function taker(words: Words, title: string, detail: string, onPress: () => void): HTMLElement {
  const made = element('button', { class: 'take', 'aria-label': `${words('use', title)}: ${detail}` }, element('span', {}, title), element('small', {}, detail))
  made.addEventListener('click', onPress)
  return made
}

const summary = ({ method, query, body }: EditedRequest) =>
  [method, ...(query ? [`?${query}`] : []), ...(body && method !== 'GET' ? [body.replace(/\s+/g, ' ').slice(0, 80)] : [])].join(' ')
