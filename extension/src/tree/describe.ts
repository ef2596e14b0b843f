import type { Deployment, EnvironmentName, FunctionHealth, Gateway, ImprunFunction, Served } from '@imprun/contracts'
import { environmentBefore } from '@imprun/contracts/names'
import type { Translate } from '../ui/translate.ts'
import { describeProgress } from './describe-deployment.ts'

type Lifecycle = Pick<Gateway, 'phase' | 'isStalled' | 'lastError' | 'attempts' | 'deletion'>

/** `Started`, `Starting · trying again: …`, or `Stalled: …` with the reason. Phases keep the words they have everywhere else. */
export function describeLifecycle({ phase, isStalled, lastError, attempts, deletion }: Lifecycle, t: Translate): string {
  if (deletion?.isOverdue) return t('{0} · overdue, left over: {1}', phase, deletion.leftovers.length)
  if (isStalled) return t('Stalled: {0}', lastError?.message ?? phase)
  if (lastError && attempts > 0) return t('{0} · trying again: {1}', phase, lastError.message)
  return phase
}

export function servedIn(item: ImprunFunction, environment: EnvironmentName): Served | undefined {
  return item.served.find((served) => served.environment === environment)
}

/** `failing 3 %`, or that the version runs apart; undefined while all is well. */
export function describeHealth(health: FunctionHealth | undefined, t: Translate): string | undefined {
  if (health?.quarantine) return t('runs apart')
  if (!health || health.failed === 0 || health.calls === 0) return undefined
  return t('failing {0} %', Math.max(1, Math.round((100 * health.failed) / health.calls)))
}

/** `1.0.3 · live 38 ms` in dev; `1.0.2 · 1 behind dev` where a newer release waits before it. What is on its way there comes first. */
export function describeFunction(item: ImprunFunction, environment: EnvironmentName, t: Translate, underWay?: Deployment): string {
  if (item.kind === 'module') return t('shared')
  const served = servedIn(item, environment)
  if (underWay) return [...(served ? [served.version] : []), `${underWay.version} ${describeProgress(underWay, t)}`].join(' · ')
  if (!served) return t('not live')
  const failing = describeHealth(served.health, t)
  if (failing) return [served.version, failing].join(' · ')
  const before = environmentBefore(environment)
  if (!before) return [served.version, devState(item, served, t)].join(' · ')
  const ahead = servedIn(item, before)
  if (!ahead || ahead.releaseId === served.releaseId) return served.version
  return `${served.version} · ${behind(served.version, ahead.version, before, t)}`
}

function devState(item: ImprunFunction, served: Served, t: Translate): string {
  if (!item.isLiveInDev) return t('saved, not live')
  return served.liveMs === undefined ? t('live') : t('live {0} ms', Math.round(served.liveMs))
}

/** Releases count up their last number, so the difference says how many there are; between other versions only that they differ. */
function behind(version: string, ahead: string, before: EnvironmentName, t: Translate): string {
  const [major, minor, patch] = version.split('.').map(Number)
  const [aheadMajor, aheadMinor, aheadPatch] = ahead.split('.').map(Number)
  const count = major === aheadMajor && minor === aheadMinor ? (aheadPatch ?? 0) - (patch ?? 0) : 0
  return count > 0 ? t('{0} behind {1}', count, before) : t('{0} has {1}', before, ahead)
}
