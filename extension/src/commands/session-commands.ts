import * as vscode from 'vscode'
import type { Catalog } from '../api/catalog.ts'
import { backendName } from '../session/backend.ts'
import { askToSignIn } from '../session/sign-in-flow.ts'
import type { CommandContext } from './command-context.ts'
import type { Handlers } from './command-table.ts'

type Ids =
  | 'imprun.signIn'
  | 'imprun.signOut'
  | 'imprun.switchBackend'
  | 'imprun.reconnect'
  | 'imprun.refresh'
  | 'imprun.filter'
  | 'imprun.showOutput'
  | 'imprun.openDocs'

export function sessionCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { session, sessionStore, prompts, t } = context
  return {
    'imprun.signIn': async () => {
      const backend = await askToSignIn(context.signIn)
      if (!backend) return
      await sessionStore.add(backend)
      prompts.tell(t('Signed in to {0} as {1}', backendName(backend.apiUrl), backend.userName))
    },

    'imprun.signOut': async () => {
      const active = await sessionStore.active()
      if (active) await sessionStore.remove(active.apiUrl)
    },

    'imprun.switchBackend': async () => {
      const { backends, active } = await sessionStore.read()
      const other = t('Sign in to another backend…')
      const known = backends.map((backend) => ({
        label: backendName(backend.apiUrl),
        description: backend.apiUrl === active ? t('{0}, active', backend.userName) : backend.userName,
        value: backend,
      }))
      const picked = await prompts.pick(
        t('Switch backend'),
        [...known, { label: other, value: undefined }].map((choice) => ({ ...choice, value: { backend: choice.value } })),
      )
      if (!picked) return
      const backend = picked.backend ?? (await askToSignIn(context.signIn, { alwaysAsk: true }))
      if (backend) await sessionStore.add(backend)
    },

    'imprun.reconnect': () => session.retryNow(),

    'imprun.refresh': async () => {
      session.retryNow()
      await session.current?.catalog.reload()
      context.refreshViews()
    },

    'imprun.filter': async () => {
      const { catalog } = session.current ?? {}
      const of = catalog && (await chooseFiltered(context, catalog))
      if (!catalog || !of) return
      const filter = await prompts.input({
        title: of === 'gateways' ? t('Filter gateways') : t('Filter functions'),
        prompt: of === 'gateways' ? t('Part of a gateway name. Leave it empty to see all.') : t('Part of a function name. Leave it empty to see all.'),
        value: of === 'gateways' ? catalog.gatewayFilter : catalog.filter,
      })
      if (filter === undefined) return
      if (of === 'gateways') catalog.setGatewayFilter(filter.trim())
      else catalog.setFilter(filter.trim())
      context.setContext('imprun.isFiltered', catalog.filter + catalog.gatewayFilter !== '')
      context.refreshViews()
    },

    'imprun.showOutput': () => context.showLog(),

    'imprun.openDocs': async () => {
      const { apiUrl } = session.current?.backend ?? {}
      const docs = apiUrl ? vscode.Uri.parse(`${apiUrl}/docs`) : vscode.Uri.parse('https://github.com/imprun/imprun#readme')
      await vscode.env.openExternal(await vscode.env.asExternalUri(docs))
    },
  }
}

/** Where there is one gateway at most, only functions can be meant. */
async function chooseFiltered({ prompts, t }: CommandContext, { gateways, filter, gatewayFilter }: Catalog): Promise<'gateways' | 'functions' | undefined> {
  if (gateways.items.length < 2 && !gatewayFilter) return 'functions'
  return prompts.pick<'gateways' | 'functions'>(t('Filter what?'), [
    { label: t('Functions by name'), description: filter, value: 'functions' },
    { label: t('Gateways by name'), description: gatewayFilter, value: 'gateways' },
  ])
}
