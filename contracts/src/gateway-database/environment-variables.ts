import * as z from 'zod'
import { environmentNameSchema } from '../names.ts'

/**
 * A secret as both databases keep it: `v1.<key id>.<iv>.<tag>.<ciphertext>`, the last three in base64url. AES-256-GCM under a key of the gateway, with
 * `<gatewayId>/<environment>/<name>` as additional data, so that a value moved elsewhere can not be read there. The key is in no database.
 */
export const sealedSecretSchema = z.string().regex(/^v1\.[0-9a-f]{8}(?:\.[\w-]*){3}$/)

export const storedVariableSchema = z.union([z.object({ value: z.string() }), z.object({ secret: sealedSecretSchema })])
export type StoredVariable = z.infer<typeof storedVariableSchema>
export type StoredVariables = Record<string, StoredVariable>

/** `__variables`: one per environment that has ever had some. */
export const environmentVariablesSchema = z.object({
  environment: environmentNameSchema,
  revision: z.number().int(),
  variables: z.record(z.string(), storedVariableSchema),
})
export type EnvironmentVariables = z.infer<typeof environmentVariablesSchema>

/** What a secret's ciphertext is bound to. */
export const sealedSecretContext = (gatewayId: string, environment: string, name: string): string => `${gatewayId}/${environment}/${name}`
