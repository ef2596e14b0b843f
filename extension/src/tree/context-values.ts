import type { AuthType, EnvironmentName, Gateway, Grant, State } from '@imprun/contracts'

/** What may be done with a deployment. `yours`: it waits for your approval; `mine`: you asked for it. */
export type DeploymentStanding = 'waiting' | 'mine' | 'yours' | 'canary' | 'running' | 'served' | 'ended'

/** What menus of an environment ask for. */
export interface EnvironmentStanding {
  readonly name: EnvironmentName
  readonly authType: AuthType
  readonly state: State
  readonly flags: readonly ('held' | 'drifted' | 'stalled')[]
}

/** What `viewItem` may be. Menus in the manifest match these by expression; a test holds that each of them matches at least one. */
export const contextValues = {
  gateway: ({ state, isStalled, deletion }: Pick<Gateway, 'state' | 'isStalled' | 'deletion'>) =>
    ['gateway', state, ...(isStalled ? ['stalled'] : []), ...(deletion?.isOverdue ? ['overdue'] : [])].join(';'),
  environment: ({ name, authType, state, flags }: EnvironmentStanding) => ['environment', name, authType, state, ...flags].join(';'),
  folder: () => 'folder',
  function: (environment: EnvironmentName, isServed: boolean, isCanary = false) =>
    `function;${environment};${isServed ? 'served' : 'unserved'}${isCanary ? ';canary' : ''}`,
  application: () => 'application',
  grant: (state: Grant['state']) => `grant;${state}`,
  key: (state: Grant['state']) => `key;${state}`,
  deployment: (standing: readonly DeploymentStanding[]) => ['deployment', ...standing].join(';'),
  tool: () => 'tool',
  more: () => 'more',
  error: () => 'error',
  note: () => 'note',
} as const

const environments = ['dev', 'staging', 'prod'] as const
/** One of every kind, for the check of the manifest. */
export const contextValueSamples: readonly string[] = [
  contextValues.gateway({ state: 'active', isStalled: false }),
  contextValues.gateway({ state: 'active', isStalled: true }),
  contextValues.gateway({ state: 'inactive', isStalled: false }),
  contextValues.gateway({ state: 'deleted', isStalled: false }),
  contextValues.gateway({ state: 'deleted', isStalled: true, deletion: { deadlineAt: '', isOverdue: true, leftovers: [] } }),
  ...environments.flatMap((name) => [
    contextValues.environment({ name, authType: 'none', state: 'active', flags: ['held', 'drifted', 'stalled'] }),
    contextValues.environment({ name, authType: 'key-auth', state: 'inactive', flags: [] }),
  ]),
  ...environments.flatMap((name) => [contextValues.function(name, true, true), contextValues.function(name, true), contextValues.function(name, false)]),
  contextValues.folder(),
  contextValues.application(),
  contextValues.grant('active'),
  contextValues.grant('revoked'),
  contextValues.key('active'),
  contextValues.key('revoked'),
  ...(['running', 'canary', 'served', 'ended'] as const).map((standing) => contextValues.deployment([standing])),
  contextValues.deployment(['waiting', 'mine']),
  contextValues.deployment(['waiting', 'yours']),
  contextValues.tool(),
  contextValues.more(),
  contextValues.error(),
  contextValues.note(),
]
