import { type EnvironmentName, ImprunError } from '@imprun/contracts'

export const applicationNotFound = (applicationId: string) => new ImprunError('APPLICATION_NOT_FOUND', `There is no application ${applicationId}.`)

export const applicationNameTaken = (name: string) =>
  new ImprunError('APPLICATION_NAME_TAKEN', `You already have an application "${name}". Choose another name.`, {
    errors: [{ field: 'name', message: 'This name is taken.' }],
  })

export const grantNotFound = (grantId: string) => new ImprunError('GRANT_NOT_FOUND', `There is no grant ${grantId}.`)

export const grantExists = (application: string, gatewayId: string, environment: EnvironmentName) =>
  new ImprunError(
    'GRANT_EXISTS',
    `"${application}" already has a key for ${gatewayId}/${environment}. A key is shown once only: revoke that grant to get a new one.`,
  )

export const keyNotAcknowledged = (runtimeIds: readonly string[]) =>
  new ImprunError('RUNTIME_NOT_ACKNOWLEDGED', `The key was withdrawn again: ${runtimeIds.join(', ')} did not confirm it in time. Try again.`, {
    facts: { runtimes: runtimeIds },
  })

export const revokeNotAcknowledged = (runtimeIds: readonly string[]) =>
  new ImprunError(
    'RUNTIME_NOT_ACKNOWLEDGED',
    `The grant is revoked, but ${runtimeIds.join(', ')} did not confirm it yet and may still accept the key. Try again to wait for it.`,
    {
      facts: { runtimes: runtimeIds },
    },
  )
