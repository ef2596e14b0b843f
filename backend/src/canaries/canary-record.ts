import type { AuditRecord } from '../audit/audit-store.ts'
import { ownRecord } from '../audit/own-record.ts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import type { WatchEnd } from './watch-canary.ts'

/** A person's word, a newer deployment and a deleted function are in the audit log by the calls that brought them. */
const asked = new Set(['CANARY_ABORTED', 'DEPLOYMENT_SUPERSEDED', 'FUNCTION_NOT_FOUND'])

/** Whether nobody asked for the way back. */
export const isByItself = (end: Exclude<WatchEnd, { kind: 'lost' | 'promote' }>): boolean => end.kind === 'unserved' || !asked.has(end.error.code)

/** Of a canary that went back by itself: the call that had begun it was recorded long before. */
export const returnRecord = ({ _id, gatewayId, functionName, environment, version, rollback, error, requestId }: StoredDeployment, at: Date): AuditRecord =>
  ownRecord(gatewayId, {
    route: 'takeBackCanary',
    facts: {
      ...{ deploymentId: _id, function: functionName, environment, from: version },
      ...(rollback?.version === undefined ? {} : { to: rollback.version }),
      ...{ reason: error?.code, detail: error?.detail },
    },
    requestId,
    at,
  })
