import type { ImprunError } from '@imprun/contracts'
import * as z from 'zod'
import type { NpmEnd } from './npm.ts'
import {
  packageNotFound,
  packageSourceRefused,
  packagesConflicting,
  packagesNotInstalled,
  packageVersionNotFound,
  registryUnreachable,
} from './package-errors.ts'

const failureSchema = z.object({ error: z.object({ code: z.string().optional(), summary: z.string().optional(), detail: z.string().optional() }) })

const unreachable =
  /^(?:ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|EHOSTUNREACH|ERR_SOCKET_TIMEOUT|EPROTO|E5\d\d|CERT_.*|UNABLE_TO_.*|SELF_SIGNED.*)$/
const detailCharsMax = 400

/** What a caller can do about an installation that failed. Addresses are left out: a registry's may hold a password. */
export function toInstallationError({ stdout, stderr }: NpmEnd, names: readonly string[]): ImprunError {
  const { code = '', summary = '', detail = '' } = parseFailure(stdout)?.error ?? {}
  const said = withoutAddresses(`${summary} ${detail}` || stderr)
  const name = nameIn(said, names)
  if (code === 'E404') return packageNotFound(name ?? quotedName(said))
  if (code === 'ETARGET' || code === 'E406') return packageVersionNotFound(name, withoutAddresses(summary))
  if (code === 'ERESOLVE') return packagesConflicting(shorten(said))
  if (/^EALLOW/.test(code)) return packageSourceRefused(name ?? quotedName(said) ?? 'A package')
  if (unreachable.test(code)) return registryUnreachable()
  return packagesNotInstalled(shorten(said) || code || 'it gave no reason.')
}

function parseFailure(stdout: string): z.infer<typeof failureSchema> | undefined {
  try {
    return failureSchema.safeParse(JSON.parse(stdout.slice(Math.max(0, stdout.indexOf('{'))))).data
  } catch {
    return undefined
  }
}

export const withoutAddresses = (text: string): string => text.replaceAll(/\bhttps?:\/\/[^\s'"]+/g, 'the registry').replaceAll(/(?<=^|\s)\/[^\s'"]+/g, '')

/** The declared package that npm speaks of; of two names that fit the longer one. */
function nameIn(said: string, names: readonly string[]): string | undefined {
  const fits = names.filter((name) => new RegExp(`(?:^|[\\s'"(])${name.replaceAll(/[.*+?^$()|[\]{}\\]/g, '\\$&')}(?=[@\\s'",:)]|$)`).test(said))
  return fits.sort((one, other) => other.length - one.length)[0]
}

const quotedName = (said: string): string | undefined => /'((?:@[^@'\s/]+\/)?[^@'\s/]+)(?:@[^'\s]*)?'/.exec(said)?.[1]

const shorten = (text: string): string => (text.trim().length > detailCharsMax ? `${text.trim().slice(0, detailCharsMax)}…` : text.trim())
