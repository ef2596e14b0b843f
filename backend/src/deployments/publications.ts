import type { ClientSession } from 'mongodb'
import { isBesideServed } from '../canaries/stored-canary.ts'
import type { Publisher } from '../publishing/publisher.ts'
import type { StoredRelease } from '../releases/release-store.ts'
import type { Members } from './stored-deployment.ts'

/** Writes what runtimes shall serve from now on, for all members at one revision: a runtime that has come so far has loaded or refused each of them. */
export async function publishMembers(
  publisher: Publisher,
  members: Members,
  releases: ReadonlyMap<string, StoredRelease>,
  revision: number,
  session: ClientSession,
): Promise<void> {
  for (const { _id, kind, gatewayId, environment, functionName: name, releaseId, canary } of members) {
    const target = { gatewayId, environment, name }
    const release = releases.get(releaseId)
    if (kind === 'removal') await publisher.withdraw(target, revision, session)
    else if (!release) throw new Error(`Release ${releaseId} of deployment ${_id} is gone.`)
    else if (!isBesideServed(canary)) await publisher.publish(target, release, _id, revision, session)
    else if (!(await publisher.publishCandidate(target, release, { deploymentId: _id, percent: canary.percent }, revision, session)))
      throw new Error(`${environment} serves nothing of "${name}" that a candidate could stand beside.`)
  }
}
