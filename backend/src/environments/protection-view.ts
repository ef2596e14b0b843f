import type { Environment } from '@imprun/contracts'
import { isProtecting } from '../approvals/protection-rules.ts'
import { freezeAt } from '../freezes/freeze-at.ts'
import type { StoredEnvironment } from './environment-store.ts'

/** What protects an environment, and whether a freeze is on at this instant. Nothing where nothing does. */
export function toProtectionView({ protection }: Pick<StoredEnvironment, 'protection'>, at: Date): Pick<Environment, 'protection' | 'frozen'> {
  if (!protection || !isProtecting(protection)) return {}
  const frozen = freezeAt(protection.freezes, at)
  if (!frozen) return { protection }
  return { protection, frozen: { freeze: frozen.name, ...(frozen.reopensAt ? { reopensAt: frozen.reopensAt.toISOString() } : {}) } }
}
