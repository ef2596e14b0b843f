import { ImprunError } from '@imprun/contracts'
import type { Handlers } from '../http/handlers.ts'

type RouteNames = 'planPromotion' | 'promoteEnvironment' | 'getDeploymentSet'

export function createSetRoutes(): Pick<Handlers, RouteNames> {
  const none = async (): Promise<never> => {
    throw new ImprunError('DEPLOYMENT_NOT_FOUND', 'There is no such set.')
  }
  return { planPromotion: none, promoteEnvironment: none, getDeploymentSet: none }
}
