import type { Database } from '../database/database.ts'
import { toPage } from '../database/paging.ts'
import type { Handlers } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { ApplicationStore, StoredApplication } from './application-store.ts'
import { toApplicationView, toGrantView } from './application-view.ts'
import type { GrantStore } from './grant-store.ts'
import type { Grants } from './grants.ts'

export interface ApplicationRoutesDeps {
  database: Database
  applications: ApplicationStore
  grants: GrantStore
  grantService: Grants
  clock: Clock
}

type RouteNames = 'createApplication' | 'listApplications' | 'deleteApplication' | 'createGrant' | 'revokeGrant'

export function createApplicationRoutes(deps: ApplicationRoutesDeps): Pick<Handlers, RouteNames> {
  const { applications, grants, grantService, clock } = deps
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
      const rows = await applications.list(account.userId, query)
      const theirs = await grants.listOf(rows.map(({ _id }) => _id))
      return toPage(
        rows,
        query.limit,
        ({ name }) => name,
        (row) => toApplicationView(row, theirs),
      )
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
      const grant = await grants.getOwned(params.grantId, account.userId)
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
