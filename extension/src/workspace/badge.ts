import type { Translate } from '../ui/translate.ts'
import { servedIn } from './describe-status.ts'
import type { FileStatus } from './file-status.ts'

export interface Badge {
  readonly letter: '!' | 'M' | '^'
  readonly tooltip: string
  readonly color?: string
}

/** `!` the last publish failed, `M` saved but not live, `^` ahead of staging. */
export function badgeOf({ state, facts }: FileStatus, t: Translate): Badge | undefined {
  if (state.kind === 'refused' || state.kind === 'failed') return { letter: '!', tooltip: t('Not live: {0}', state.detail), color: 'list.errorForeground' }
  if (state.kind === 'conflict') return { letter: '!', tooltip: t('Somebody else saved another version'), color: 'list.errorForeground' }
  const isModified = state.kind === 'waiting' || state.kind === 'unpublished'
  if (isModified) return { letter: 'M', tooltip: t('Saved, not live in dev'), color: 'gitDecoration.modifiedResourceForeground' }
  if (state.kind === 'publishing') return undefined
  const [dev, staging] = [servedIn(facts, 'dev'), servedIn(facts, 'staging')]
  if (facts && dev && !facts.isLiveInDev) return { letter: 'M', tooltip: t('Saved, not live in dev'), color: 'gitDecoration.modifiedResourceForeground' }
  if (dev && staging && dev.releaseId !== staging.releaseId) return { letter: '^', tooltip: t('Ahead of staging') }
  return undefined
}
