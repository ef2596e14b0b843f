import type { Environment, Protection } from '@imprun/contracts'
import type { Translate } from '../ui/translate.ts'
import { describeLifecycle } from './describe.ts'

/** What sets an environment apart: the word in its row, and the sentences of its tooltip. */
export interface Badge {
  readonly kind: 'drifted' | 'frozen' | 'held' | 'protected'
  readonly text: string
  readonly detail: string
}

/** Most pressing first. */
export function badgesOf(environment: Environment, t: Translate): Badge[] {
  return [driftBadge, freezeBadge, holdBadge, protectionBadge].map((badge) => badge(environment, t)).filter((badge) => badge !== undefined)
}

/** Its badges, where it answers and who may call, once it is started; else its phase. */
export function describeEnvironment(environment: Environment, t: Translate): string {
  const badges = badgesOf(environment, t).map(({ text }) => text)
  if (environment.phase !== 'Started') return [describeLifecycle(environment, t), ...badges].join(' · ')
  return [...badges, hostOf(environment.pathUrl), describeAuth(environment, t)].join(' · ')
}

export const describeAuth = ({ authType }: Pick<Environment, 'authType'>, t: Translate): string => (authType === 'none' ? t('no auth') : authType)

export const localTime = (iso: string): string => new Date(iso).toLocaleString()

function driftBadge({ drifted }: Environment, t: Translate): Badge | undefined {
  if (!drifted) return undefined
  const found = t('Changed by hand, found {0}: {1}', localTime(drifted.at), drifted.functions.join(', '))
  const since = drifted.repairedAt ? t('Repaired {0}: everything is as it was deployed.', localTime(drifted.repairedAt)) : t('Being repaired.')
  return { kind: 'drifted', text: drifted.repairedAt ? t('drift repaired') : t('drifted'), detail: `${found}\n${since}` }
}

function freezeBadge({ frozen }: Environment, t: Translate): Badge | undefined {
  if (!frozen) return undefined
  const { freeze, reopensAt } = frozen
  if (!reopensAt) return { kind: 'frozen', text: t('frozen'), detail: t('Frozen: {0}. Nothing is deployed, except by rolling back.', freeze) }
  return {
    kind: 'frozen',
    text: t('frozen until {0}', shortTime(reopensAt)),
    detail: t('Frozen: {0}. Nothing is deployed until {1}, except by rolling back.', freeze, localTime(reopensAt)),
  }
}

function holdBadge({ held }: Environment, t: Translate): Badge | undefined {
  return held && { kind: 'held', text: t('held by rollback'), detail: `${t('Held by a rollback: {0}', held.reason)}\n${held.by}, ${localTime(held.at)}` }
}

function protectionBadge({ protection }: Environment, t: Translate): Badge | undefined {
  if (!protection || (protection.approvals === 0 && protection.freezes.length === 0)) return undefined
  return { kind: 'protected', text: t('protected'), detail: describeProtection(protection, t) }
}

/** `2 approvals · freezes: Weekend, Year end` */
export function describeProtection({ approvals, freezes }: Protection, t: Translate): string {
  const needed = approvals === 1 ? t('Needs 1 approval') : t('Needs {0} approvals', approvals)
  const names = freezes.map(({ name }) => name).join(', ')
  return [...(approvals > 0 ? [needed] : []), ...(names ? [t('freezes: {0}', names)] : [])].join(' · ')
}

/** The hour alone for what is over within a day. */
function shortTime(iso: string): string {
  const at = new Date(iso)
  const time = at.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' })
  return at.getTime() - Date.now() < dayMs ? time : `${at.toLocaleDateString([], { month: 'short', day: 'numeric' })} ${time}`
}
const dayMs = 24 * 3600_000

function hostOf(url: string): string {
  return URL.parse(url)?.host ?? url
}
