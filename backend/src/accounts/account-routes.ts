import type { AccessToken } from '@imprun/contracts'
import { toPage } from '../database/paging.ts'
import type { Handlers } from '../http/handlers.ts'
import type { AccountStore, ListedToken } from './account-store.ts'
import { refuseAutomation } from './automation.ts'

/** What a program was given it can not pass on, nor take from others. */
const whatTokens = 'make or revoke access tokens'

type RouteNames = 'getAccount' | 'createAccessToken' | 'listAccessTokens' | 'revokeAccessToken'

export function createAccountRoutes({ accounts }: { accounts: AccountStore }): Pick<Handlers, RouteNames> {
  return {
    getAccount: async ({ account: { userId, name } }) => ({ userId, name, isAdmin: await accounts.isAdmin(userId) }),
    async createAccessToken({ account, body, audit }) {
      refuseAutomation(account, whatTokens)
      audit({ name: body.name, kind: body.kind })
      const { token, stored } = await accounts.createToken(account.userId, body)
      audit({ tokenId: stored._id })
      return { ...toView(stored), token }
    },
    async listAccessTokens({ account, query }) {
      return toPage(await accounts.listTokens(account.userId, query), query.limit, ({ _id }) => _id, toView)
    },
    async revokeAccessToken({ account, params, audit }) {
      refuseAutomation(account, whatTokens)
      audit({ tokenId: params.tokenId })
      await accounts.removeToken(account.userId, params.tokenId)
      return {}
    },
  }
}

const toView = ({ _id, name, kind = 'person', createdAt }: Omit<ListedToken, 'kind'> & { kind?: AccessToken['kind'] }): AccessToken => ({
  tokenId: _id,
  name,
  kind,
  createdAt: createdAt.toISOString(),
})
