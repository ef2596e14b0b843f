import type { AuthType, EnvironmentName, Gateway, Grant } from '@imprun/contracts'

/** What `viewItem` may be. Menus in the manifest match these by expression; a test holds that each of them matches at least one. */
export const contextValues = {
  gateway: ({ state, isStalled }: Pick<Gateway, 'state' | 'isStalled'>) => `gateway;${state}${isStalled ? ';stalled' : ''}`,
  environment: (name: EnvironmentName, authType: AuthType, isHeld: boolean) => `environment;${name};${authType}${isHeld ? ';held' : ''}`,
  folder: () => 'folder',
  function: (environment: EnvironmentName, isServed: boolean) => `function;${environment};${isServed ? 'served' : 'unserved'}`,
  application: () => 'application',
  grant: (state: Grant['state']) => `grant;${state}`,
  key: (state: Grant['state']) => `key;${state}`,
  deployment: () => 'deployment',
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
  ...environments.flatMap((name) => [contextValues.environment(name, 'none', true), contextValues.environment(name, 'key-auth', false)]),
  ...environments.flatMap((name) => [contextValues.function(name, true), contextValues.function(name, false)]),
  contextValues.folder(),
  contextValues.application(),
  contextValues.grant('active'),
  contextValues.grant('revoked'),
  contextValues.key('active'),
  contextValues.key('revoked'),
  contextValues.deployment(),
  contextValues.tool(),
  contextValues.more(),
  contextValues.error(),
  contextValues.note(),
]
