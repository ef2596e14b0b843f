import type { AuditRecord } from './audit-store.ts'

/** What imprun did of its own accord: nobody called, so there is no address and no method. */
export const ownRecord = (
  gatewayId: string,
  { route, facts, requestId = '', at }: Pick<AuditRecord, 'route' | 'facts' | 'at'> & { requestId?: string },
): AuditRecord => ({ actor: 'imprun', ip: '', route, method: '', params: { gatewayId }, facts, status: 200, requestId, at })
