import type { Database } from '../database/database.ts'
import { nameCursorKey, toPage } from '../database/paging.ts'
import type { OwnedGateways } from '../functions/function-lookup.ts'
import { orNotThere } from '../gateways/gateway-errors.ts'
import type { Caller, Handlers } from '../http/handlers.ts'
import type { MemberStore } from '../members/member-store.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import { grantNotFound } from './application-errors.ts'
import type { ApplicationStore, StoredApplication } from './application-store.ts'
import { toApplicationView, toGrantView } from './application-view.ts'
import type { GrantStore } from './grant-store.ts'
import type { Grants } from './grants.ts'

export interface ApplicationRoutesDeps {
  database: Database
  applications: ApplicationStore
  grants: GrantStore
  grantService: Grants
  gateways: OwnedGateways
  members: Pick<MemberStore, 'readable' | 'listGatewayIds'>
  clock: Clock
}

type RouteNames = 'createApplication' | 'listApplications' | 'deleteApplication' | 'createGrant' | 'revokeGrant'

export function createApplicationRoutes(deps: ApplicationRoutesDeps): Pick<Handlers, RouteNames> {
  const { applications, grants, grantService, gateways, members, clock } = deps

  /** For the application's owner, and for those who may change the gateway that it opens. */
  const getRevocable = async (grantId: string, { userId }: Caller) => {
    const grant = await grants.get(grantId)
    if ((await applications.findById(grant.applicationId))?.ownerId === userId) return grant
    await orNotThere(gateways.getChangeable(grant.gatewayId, userId), grantNotFound(grantId))
    return grant
  }

  return {
    async createApplication({ body, account, audit }) {
      audit({ application: body.name })
      const now = clock.now()
      const stored: StoredApplication = { _id: newId(), ownerId: account.userId, ...body, createdAt: now, createdBy: account, updatedAt: now }
      await applications.insert(stored)
      audit({ applicationId: stored._id })
      return toApplicationView(stored, [])
    },
    async listApplications({ query, account }) {
      const { userId } = account
      const [readable, gatewayIds] = await Promise.all([members.readable(userId), members.listGatewayIds(userId)])
      const rows = await applications.list(userId, await grants.listApplicationIds(readable), query)
      const all = await grants.listOf(rows.map(({ _id }) => _id))
      const own = new Set(rows.filter(({ ownerId }) => ownerId === userId).map(({ _id }) => _id))
      const theirs = all.filter(({ applicationId, ownerId, gatewayId }) => own.has(applicationId) || ownerId === userId || gatewayIds.includes(gatewayId))
      return toPage(rows, query.limit, nameCursorKey, (row) => toApplicationView(row, theirs))
    },
    async deleteApplication({ params, account, audit }) {
      const application = await applications.getOwned(params.applicationId, account.userId)
      audit({ application: application.name })
      await removeApplication(deps, application)
      return {}
    },
    async createGrant({ body, account, audit }) {
      audit({ ...body })
      const { grant, apiKey } = await grantService.create(body, account)
      const { _id: grantId, credentialId, keyHint } = grant
      audit({ grantId, credentialId, keyHint })
      return { ...toGrantView(grant), apiKey, credentialReference: { credentialId, header: 'apikey' } }
    },
    async revokeGrant({ params, account, audit }) {
      const grant = await getRevocable(params.grantId, account)
      const { applicationId, gatewayId, environment, credentialId, keyHint } = grant
      audit({ applicationId, gatewayId, environment, credentialId, keyHint })
      return toGrantView(await grantService.revoke(grant))
    },
  }
}

/** @throws RUNTIME_NOT_ACKNOWLEDGED; the application stays then, without a valid key, and can be deleted again. */
async function removeApplication({ database, applications, grants, grantService, clock }: ApplicationRoutesDeps, { _id }: StoredApplication): Promise<void> {
  for (;;) {
    const theirs = await grants.listOf([_id])
    // Those that were revoked before as well: a try that nobody confirmed is confirmed now.
    await Promise.all(theirs.map((grant) => grantService.revoke(grant)))
    const seen = new Set(theirs.map((grant) => grant._id))
    const isRemoved = await database.client.withSession((session) =>
      session.withTransaction(async () => {
        await applications.touch(_id, clock.now(), session)
        const now = await grants.listOf([_id], session)
        // A grant that came in between has to be revoked first.
        if (now.some((grant) => !seen.has(grant._id))) return false
        await grants.removeOf(_id, session)
        await applications.remove(_id, session)
        return true
      }),
    )
    if (isRemoved) return
  }
}
