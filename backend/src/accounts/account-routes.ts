import type { Handlers } from '../http/handlers.ts'

export const createAccountRoutes = (): Pick<Handlers, 'getAccount'> => ({
  getAccount: async ({ account }) => account,
})
