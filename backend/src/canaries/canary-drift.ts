import type { EnvironmentName } from '@imprun/contracts'
import type { ClientSession } from 'mongodb'
import type { CanaryDeployment, CanaryStore } from './canary-store.ts'

interface Place {
  environment: EnvironmentName
  name: string
}

/** What stands beside what is served. Two that are equal are the same candidate, for as many callers, with the same code. */
export const candidateMark = ({ deploymentId, percent }: { deploymentId: string; percent: number }, codeHash: string | undefined): string =>
  `${deploymentId} ${percent} ${codeHash}`

export const canaryAt = (running: readonly CanaryDeployment[], { environment, name }: Place): CanaryDeployment | undefined =>
  running.find((canary) => canary.environment === environment && canary.functionName === name)

/** Whether nothing has become of the canary since it was read, or there is still none. */
export async function isCanaryAsRead(
  canaries: Pick<CanaryStore, 'listRunning'>,
  gatewayId: string,
  place: Place,
  read: CanaryDeployment | undefined,
  session: ClientSession,
): Promise<boolean> {
  const now = canaryAt(await canaries.listRunning(gatewayId, session), place)
  return now?._id === read?._id && now?.canary.percent === read?.canary.percent
}
