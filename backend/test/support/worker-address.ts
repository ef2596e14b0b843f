import type { EnvironmentName } from '@imprun/contracts'
import type { Database } from '../../src/database/database.ts'
import { createGatewayUsers } from '../../src/database/gateway-users.ts'
import { createSecrets } from '../../src/platform/secrets.ts'

/** Where MongoDB is for the workers of an environment, with their user and password, as a backend with this key tells them. */
export const workerAddress = (database: Database, secretKey: Uint8Array, gatewayId: string, environment: EnvironmentName): string =>
  createGatewayUsers({ database, secrets: createSecrets(secretKey) }).environmentUri(gatewayId, environment)
