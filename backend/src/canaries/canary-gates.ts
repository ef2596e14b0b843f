import { type EnvironmentName, kindOfName } from '@imprun/contracts'
import type { Refusal } from '../deployments/gates.ts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import type { StoredFunction } from '../functions/function-store.ts'

/** What stands in the way of serving a release to a part of the callers first. */
export function canaryRefusals({ name, served }: Pick<StoredFunction, 'name' | 'served'>, environment: EnvironmentName): Refusal[] {
  const refusals: Refusal[] = []
  if (kindOfName(name) === 'middleware') {
    const detail = `"${name}" runs before other functions, so it has no callers of its own to choose from. Deploy it without canary and healthCheck.`
    refusals.push({ code: 'CANARY_NOT_POSSIBLE', detail })
  }
  if (!served[environment]) {
    const detail = `${environment} serves no release of "${name}" yet, so there is nothing to compare with or to go back to. Deploy it without canary and healthCheck first.`
    refusals.push({ code: 'CANARY_WITHOUT_BASELINE', detail })
  }
  return refusals
}

/** The same for one that had to wait: what it was to stand beside may be gone by then. */
export const canaryRefusalsAtDispatch = (
  { functionName: name, environment, canary }: Pick<StoredDeployment, 'functionName' | 'environment' | 'canary'>,
  served: StoredFunction['served'],
): Refusal[] => (canary ? canaryRefusals({ name, served }, environment) : [])
