import type { EnvironmentName } from '@imprun/contracts'
import type { AccountStore } from '../accounts/account-store.ts'
import type { Refusal } from '../deployments/gates.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import { regionOf } from '../instances/placement.ts'
import type { RuntimeDirectory } from '../instances/runtime-directory.ts'
import type { StoredRegion } from './region-store.ts'

/** Whether something can be served in a region, judged before anything is made there. From memory. */
export interface RegionChecks {
  /** Why nothing can be served there now; every reason with what to do about it. */
  findFaults(regionId: string): Refusal[]
  /** The same, and whether this user may have a gateway there. */
  findRefusals(region: Pick<StoredRegion, '_id' | 'isProtected'>, userId: string): Promise<Refusal[]>
}

/** The same environments, each with what the gates of a deployment want to know of its region. */
export const withRegionFaults = (environments: EnvironmentStore, checks: Pick<RegionChecks, 'findFaults'>) => ({
  ...environments,
  async get(gatewayId: string, environment: EnvironmentName) {
    const found = await environments.get(gatewayId, environment)
    const [regionFault] = checks.findFaults(regionOf(found))
    return { ...found, ...(regionFault ? { regionFault } : {}) }
  },
})

export function createRegionChecks(deps: { directory: Pick<RuntimeDirectory, 'listOf'>; accounts: Pick<AccountStore, 'isAdmin'> }): RegionChecks {
  const { directory, accounts } = deps

  const findFaults = (regionId: string): Refusal[] => {
    const held = directory.listOf(regionId).filter(({ isHeld }) => isHeld)
    if (held.length === 0) return [unreachable(regionId)]
    const faults = held.flatMap(({ lastError }) => lastError ?? [])
    if (faults.length < held.length) return []
    if (faults.every(({ code }) => code === 'PORTS_EXHAUSTED')) return [portsUsed(regionId)]
    // One that is only brought back serves in a moment; what is asked for waits until then.
    return held.some(({ isServing }) => isServing) ? [] : [broken(regionId, faults[0]?.message ?? '')]
  }
  return {
    findFaults,
    async findRefusals({ _id: regionId, isProtected }, userId) {
      const isForbidden = isProtected === true && !(await accounts.isAdmin(userId))
      return [...(isForbidden ? [forbidden(regionId)] : []), ...findFaults(regionId)]
    },
  }
}

const unreachable = (regionId: string): Refusal => ({
  code: 'REGION_UNREACHABLE',
  detail: `No backend has runtimes for region "${regionId}" at the moment. Start one that has, or raise the region's number of runtimes.`,
})

const portsUsed = (regionId: string): Refusal => ({
  code: 'PORTS_EXHAUSTED',
  detail: `Every port of region "${regionId}" is in use, so no runtime can start there. Free one, or give the region more ports.`,
})

const broken = (regionId: string, message: string): Refusal => ({
  code: 'RUNTIME_UNREACHABLE',
  detail: `No runtime of region "${regionId}" serves: ${message}`,
})

const forbidden = (regionId: string): Refusal => ({
  code: 'REGION_PROTECTED',
  detail: `Region "${regionId}" is protected: only administrators make gateways there. Ask one, or choose another region.`,
})
