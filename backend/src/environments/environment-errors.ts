import { environmentNames, ImprunError } from '@imprun/contracts'

export const environmentNotFound = (gatewayId: string, environment: string) =>
  new ImprunError('ENVIRONMENT_NOT_FOUND', `Gateway ${gatewayId} has no environment "${environment}". It has ${environmentNames.join(', ')}.`)

export const settingsNotAcknowledged = (gatewayId: string, environment: string, runtimeIds: readonly string[]) =>
  new ImprunError(
    'RUNTIME_NOT_ACKNOWLEDGED',
    `The setting is stored, but ${runtimeIds.join(', ')} has not said yet that it enforces it for ${gatewayId}/${environment}. Send the same call again to be sure.`,
    { facts: { runtimeIds: [...runtimeIds] }, retryAfterS: 1 },
  )
