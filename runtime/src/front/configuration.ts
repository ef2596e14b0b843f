import { createDecipheriv } from 'node:crypto'
import { sealedSecretContext } from '@imprun/contracts'
import type { ConfigureMessage } from '../frames/frames.ts'
import type { Log } from '../platform/log.ts'
import type { Environment } from './environment.ts'

/** What the environment's worker goes by, with secrets opened. Never logged, never kept longer than it takes to send it. */
export function configurationOf(environment: Environment, log: Log): ConfigureMessage {
  const { egress, limits, isDatabaseFull } = environment
  const { timeoutMs, responseBytesMax } = limits
  return { variables: openVariables(environment, log), egress, limits: { timeoutMs, responseBytesMax }, isDatabaseFull }
}

function openVariables({ gatewayId, name: environment, key, variables, assignment }: Environment, log: Log): Record<string, string> {
  const opened: Record<string, string> = {}
  for (const [name, stored] of Object.entries(variables)) {
    try {
      opened[name] =
        'value' in stored ? stored.value : openSecret(stored.secret, assignment.variablesKeys ?? {}, sealedSecretContext(gatewayId, environment, name))
    } catch {
      log.error({ environment: key, variable: name }, 'A secret variable can not be opened: its key is missing, or it was changed. Functions do not see it.')
    }
  }
  return opened
}

/** @throws when the key is not there, or the value was changed or moved here from elsewhere */
export function openSecret(sealed: string, keys: Readonly<Record<string, string>>, context: string): string {
  const [, keyId = '', ...parts] = sealed.split('.')
  const [iv, tag, text] = parts.map((part) => Buffer.from(part, 'base64url'))
  const key = keys[keyId]
  if (key === undefined || iv === undefined || tag === undefined || text === undefined) throw new Error('There is no key for this secret.')
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(key, 'hex'), iv, { authTagLength: 16 })
  decipher.setAAD(Buffer.from(context))
  decipher.setAuthTag(tag)
  return Buffer.concat([decipher.update(text), decipher.final()]).toString('utf8')
}
