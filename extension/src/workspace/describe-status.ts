import type { ImprunFunction } from '@imprun/contracts'
import type { Translate } from '../ui/translate.ts'
import type { FileState, FileStatus } from './file-status.ts'

/** What the status bar and the CodeLens say of a mirror file. `icon` is a codicon id. */
export interface StatusWords {
  readonly icon: string
  readonly text: string
  readonly tooltip: string
  readonly isFault: boolean
}

export function describeStatus({ state, facts }: FileStatus, t: Translate): StatusWords {
  switch (state.kind) {
    case 'publishing':
      return words('sync~spin', t('publishing'), t('Compiling and putting it behind dev.'))
    case 'live':
      return words('check', live(t, state.liveMs), t('Version {0} is what dev answers with.', state.version))
    case 'republished':
      return words('check', live(t, state.liveMs), t('Dev answers with it in {0}.', state.names.join(', ')))
    case 'refused':
      return fault(notLive(state, t), `${state.detail} ${t('It is saved. Dev goes on serving the version before.')}`)
    case 'failed':
      return fault(notLive(state, t), `${state.detail} ${t('Dev goes on serving the version before.')}`)
    case 'waiting':
      return words('debug-disconnect', t('waiting for the backend'), t('Saved on this machine. It will be published as soon as the backend answers.'))
    case 'unpublished':
      return words('circle-outline', t('changed, not published'), t('Saved on this machine. Saving it by hand, or "imprun: Publish to dev", puts it live.'))
    case 'conflict':
      return fault(t('conflict'), t('{0} saved another version meanwhile. Nothing was overwritten.', state.by || t('Somebody')))
    case 'inStep':
      return inStep(facts, t)
  }
}

function inStep(facts: ImprunFunction | undefined, t: Translate): StatusWords {
  if (facts?.kind === 'module') return words('file-symlink-file', t('shared'), t('Served inside the functions that import it.'))
  const dev = servedIn(facts, 'dev')
  if (!dev) return words('circle-outline', t('not live yet'), t('Save the file to publish it to dev.'))
  if (facts && !facts.isLiveInDev)
    return words('circle-outline', t('saved, not live'), t('Dev serves version {0}. Save the file to publish it again.', dev.version))
  return words('check', live(t, dev.liveMs), t('Version {0} is what dev answers with.', dev.version))
}

export function servedIn(facts: ImprunFunction | undefined, environment: 'dev' | 'staging' | 'prod') {
  return facts?.served.find((served) => served.environment === environment)
}

const live = (t: Translate, liveMs: number | undefined) => (liveMs === undefined ? t('live') : t('live in {0} ms', Math.round(liveMs)))

function notLive({ faults }: Extract<FileState, { kind: 'refused' | 'failed' }>, t: Translate): string {
  if (faults.length === 0) return t('not live')
  return faults.length === 1 ? t('not live - 1 error') : t('not live - {0} errors', faults.length)
}

const words = (icon: string, text: string, tooltip: string): StatusWords => ({ icon, text, tooltip, isFault: false })
const fault = (text: string, tooltip: string): StatusWords => ({ icon: 'error', text, tooltip, isFault: true })

/** Version that the CodeLens names beside the state. */
export function devVersion({ state, facts }: FileStatus): string | undefined {
  return state.kind === 'live' ? state.version : servedIn(facts, 'dev')?.version
}
