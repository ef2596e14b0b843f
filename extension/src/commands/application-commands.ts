import type { Application, Environment, Grant } from '@imprun/contracts'
import { createApplicationSchema } from '@imprun/contracts/application'
import { ApplicationNode, type GrantNode, type KeyNode } from '../tree/application-nodes.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { curlLine } from './curl.ts'
import { chooseEnvironment } from './targets.ts'
import { firstFault } from './validation.ts'

type Ids = 'imprun.createApplication' | 'imprun.deleteApplication' | 'imprun.createGrant' | 'imprun.revokeKey'

export function applicationCommands(context: CommandContext): Pick<Handlers, Ids> {
  const { prompts, t } = context
  return {
    'imprun.createApplication': async () => void (await createApplication(context)),

    'imprun.deleteApplication': async (node) => {
      const application = await chooseApplication(context, node, t('Delete an application'))
      if (!application) return
      const detail = t('Every key of it is revoked.')
      if (!(await prompts.confirm({ message: t('Delete {0}?', application.name), detail, yes: t('Delete') }))) return
      const { api, catalog } = openSession(context)
      await api.call('deleteApplication', { params: { applicationId: application.applicationId } })
      catalog.applications.remove(application.applicationId)
    },

    'imprun.createGrant': (node) => createGrant(context, node),

    'imprun.revokeKey': (node) => revokeKey(context, node),
  }
}

async function createApplication(context: CommandContext): Promise<Application | undefined> {
  const { prompts, t } = context
  const name = await prompts.input({
    title: t('Create an application'),
    prompt: t('Who will call: an app, a partner, a team.'),
    validate: (text) => firstFault(createApplicationSchema.shape.name, text),
  })
  if (name === undefined) return undefined
  const organization = await prompts.input({ title: t('Create an application'), prompt: t('Its organization. May be left empty.') })
  if (organization === undefined) return undefined
  const { api, catalog } = openSession(context)
  const application = await api.call('createApplication', { body: { name, organization } })
  catalog.applications.upsert(application)
  return application
}

/** Where there is no application yet, issuing a key begins with making one. */
async function chooseApplication(context: CommandContext, node: unknown, title: string, mayCreate = false): Promise<Application | undefined> {
  if (node instanceof ApplicationNode) return node.application
  const applications = await openSession(context).catalog.applications.ensureLoaded()
  if (applications.length === 0 && mayCreate) return createApplication(context)
  const create = { label: context.t('New application…'), value: 'create' as const }
  const picked = await context.prompts.pick<Application | 'create'>(title, [
    ...applications.map((application) => ({ label: application.name, description: application.organization, value: application })),
    ...(mayCreate ? [create] : []),
  ])
  return picked === 'create' ? createApplication(context) : picked
}

async function createGrant(context: CommandContext, node: unknown): Promise<void> {
  const { t } = context
  const application = await chooseApplication(context, node, t('Issue a key to which application?'), true)
  if (!application) return
  const environment = await chooseEnvironment(context, node, t('What may {0} call?', application.name))
  if (!environment) return
  const { api } = openSession(context)
  const { gatewayId, name, pathUrl } = environment
  const made = await api.call('createGrant', { body: { applicationId: application.applicationId, gatewayId, environment: name } })
  const example = await firstFunction(context, gatewayId)
  const curl = curlLine({ url: `${pathUrl}/${example?.name ?? ''}`, source: example?.code ?? '', apiKey: made.apiKey })
  context.newKeyPanel.show({ kind: 'key', holder: application.name, target: `${gatewayId}/${name}`, secret: made.apiKey, curl })
  context.setContext('imprun.hasIssuedKey', true)
  if (environment.authType === 'none') await offerKeyAuth(context, environment)
}

/** A key opens nothing that is not closed: say so where it would be forgotten. */
async function offerKeyAuth({ prompts, t, session }: CommandContext, { gatewayId, name }: Environment): Promise<void> {
  const askForKeys = t('Ask for keys')
  const answer = await prompts.offer('info', t('Anyone can still call {0}/{1} without a key.', gatewayId, name), askForKeys)
  if (answer === askForKeys) await session.current?.api.call('patchEnvironment', { params: { gatewayId, environment: name }, body: { authType: 'key-auth' } })
}

/** A function to call with the new key, so that the line in the panel does something. */
async function firstFunction(context: CommandContext, gatewayId: string) {
  const { api, catalog } = openSession(context)
  const [first] = await catalog
    .functions(gatewayId)
    .ensureLoaded()
    .catch(() => [])
  return first && api.call('getFunction', { params: { gatewayId, functionId: first.functionId } }).catch(() => first)
}

async function revokeKey(context: CommandContext, node: GrantNode | KeyNode | undefined): Promise<void> {
  const { prompts, t } = context
  const grant = node?.grant ?? (await chooseGrant(context))
  if (!grant) return
  const message = t('Revoke {0}?', grant.keyHint)
  const detail = t('Calls to {0}/{1} with this key get 401 at once. It cannot be taken back.', grant.gatewayId, grant.environment)
  if (!(await prompts.confirm({ message, detail, yes: t('Revoke') }))) return
  await openSession(context).api.call('revokeGrant', { params: { grantId: grant.grantId } })
  prompts.tell(t('Revoked {0}', grant.keyHint))
}

async function chooseGrant(context: CommandContext): Promise<Grant | undefined> {
  const applications = await openSession(context).catalog.applications.ensureLoaded()
  const active = applications.flatMap((application) => application.grants.filter((grant) => grant.state === 'active').map((grant) => ({ application, grant })))
  if (active.length === 0) {
    await context.prompts.offer('info', context.t('There is no key to revoke.'))
    return undefined
  }
  return context.prompts.pick(
    context.t('Revoke a key'),
    active.map(({ application, grant }) => ({
      label: grant.keyHint,
      description: `${application.name} · ${grant.gatewayId}/${grant.environment}`,
      value: grant,
    })),
  )
}
