import { type AuditEntry, ImprunError } from '@imprun/contracts'
import type { AccountStore } from '../accounts/account-store.ts'
import { toPage } from '../database/paging.ts'
import type { GatewayStore } from '../gateways/gateway-store.ts'
import type { Handlers } from '../http/handlers.ts'
import type { AuditStore, StoredAuditRecord } from './audit-store.ts'

export function createAuditRoutes({
  accounts,
  gateways,
  audit,
}: {
  accounts: Pick<AccountStore, 'isAdmin'>
  gateways: Pick<GatewayStore, 'getAs'>
  audit: AuditStore
}): Pick<Handlers, 'listGatewayAudit' | 'listAudit'> {
  return {
    async listGatewayAudit({ params, query, account }) {
      const { gatewayId } = await gateways.getAs(params.gatewayId, account.userId, 'administer')
      return toPage(await audit.list(gatewayId, query), query.limit, ({ _id }) => _id, toView)
    },
    async listAudit({ query, account }) {
      if (!(await accounts.isAdmin(account.userId)))
        throw new ImprunError('FORBIDDEN', "Only the installation's administrators read its audit log. That of a gateway is at its own address.")
      return toPage(await audit.list(undefined, query), query.limit, ({ _id }) => _id, toView)
    },
  }
}

const toView = ({ _id, gatewayId: _gatewayId, at, ...record }: StoredAuditRecord): AuditEntry => ({ recordId: _id, ...record, at: at.toISOString() })
