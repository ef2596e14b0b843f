import { ImprunError } from '@imprun/contracts'
import { toPage } from '../database/paging.ts'
import type { Caller, Handlers } from '../http/handlers.ts'
import type { AccountStore } from './account-store.ts'
import { refuseAutomation } from './automation.ts'

export function createUserRoutes({ accounts }: { accounts: AccountStore }): Pick<Handlers, 'createUser' | 'listUsers'> {
  return {
    async createUser({ account, body, audit }) {
      audit({ name: body.name })
      await requireAdmin(accounts, account, 'add people')
      const { user, token, tokenId } = await accounts.createUser(body.name)
      audit({ userId: user.userId, tokenId })
      return { ...user, token }
    },
    async listUsers({ query }) {
      return toPage(
        await accounts.listUsers(query),
        query.limit,
        ({ name }) => name,
        ({ _id, name, isAdmin = false, createdAt }) => ({ userId: _id, name, isAdmin, createdAt: createdAt.toISOString() }),
      )
    },
  }
}

/** @param toDo as in "may ...". @throws FORBIDDEN, for a service token of an administrator too. */
export async function requireAdmin(accounts: Pick<AccountStore, 'isAdmin'>, caller: Caller, toDo: string): Promise<void> {
  refuseAutomation(caller, toDo)
  if (!(await accounts.isAdmin(caller.userId))) throw new ImprunError('FORBIDDEN', `Only an administrator of this installation may ${toDo}. Ask one.`)
}
