import { type EnvironmentName, environmentLimitsDefault, type FunctionLimits } from '@imprun/contracts'
import type { VariableStore } from '../variables/variable-store.ts'
import type { Refusal } from './gates.ts'
import type { TargetEnvironment } from './prepare.ts'

/** What a release wants of the environment that it is put into. */
export interface ReleaseNeeds {
  limits: FunctionLimits
  /** Absent in releases from before these were read. */
  variables?: readonly string[]
}

/** What of it the environment does not have. */
export interface Shortfall {
  variables: readonly string[]
  limits: readonly { name: keyof FunctionLimits; asked: number; allowed: number }[]
}

export async function findShortfall(
  store: Pick<VariableStore, 'get'>,
  ref: { gatewayId: string; environment: EnvironmentName },
  target: TargetEnvironment,
  { limits, variables: names = [] }: ReleaseNeeds,
): Promise<Shortfall> {
  const allowed = { ...environmentLimitsDefault, ...target.limits }
  const present = names.length === 0 ? {} : await store.get(ref)
  return {
    variables: names.filter((name) => !Object.hasOwn(present, name)),
    limits: (Object.keys(allowed) as (keyof FunctionLimits)[]).flatMap((name) => {
      const asked = limits[name]
      return asked !== undefined && asked > allowed[name] ? [{ name, asked, allowed: allowed[name] }] : []
    }),
  }
}

export function limitsRefusal({ limits }: Shortfall, environment: EnvironmentName): Refusal | undefined {
  if (limits.length === 0) return undefined
  const each = limits.map(({ name, asked, allowed }) => `${name} is ${asked}, and ${environment} allows ${allowed}`).join('; ')
  return {
    code: 'LIMITS_ABOVE_ENVIRONMENT',
    detail: `The function asks for more than the environment allows: ${each}. Lower the function's limit, or raise the environment's.`,
    errors: limits.map(({ name, allowed }) => ({ field: `limits.${name}`, message: `Use at most ${allowed}.` })),
  }
}

export function variablesRefusal({ variables }: Shortfall, environment: EnvironmentName): Refusal | undefined {
  if (variables.length === 0) return undefined
  return {
    code: 'VARIABLES_MISSING',
    detail: `Environment ${environment} has no ${variables.length === 1 ? 'variable' : 'variables'} ${variables.join(', ')}, which the function reads. Set ${variables.length === 1 ? 'it' : 'them'} there first.`,
    errors: variables.map((name) => ({ field: `variables.${name}`, message: `Not set in ${environment}.` })),
  }
}
