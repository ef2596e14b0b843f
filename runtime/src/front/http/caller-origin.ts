import { isIP } from 'node:net'
import { createProxyTrust } from '@imprun/contracts/addresses/trusted-proxies'

/**
 * Reads where a call comes from, in the form of a call's meta: the caller's address; behind trusted proxies `https` before it if the caller spoke that, and
 * after it the addresses that were passed on, the caller's first.
 */
export type ReadOrigin = (ip: string, headerLines: string) => string

const secureWord = 'https'

/** @param trusted see `trustedProxiesSchema`; what anybody else says of a caller is not looked at */
export function createOriginReader(trusted: readonly string[]): ReadOrigin {
  if (trusted.length === 0) return (ip) => ip
  const isTrusted = createProxyTrust(trusted)
  return (ip, headerLines) => {
    if (!isTrusted(ip)) return ip
    const passedOn = readPassedOn(valuesOf(headerLines, 'x-forwarded-for'), isTrusted)
    const words = [passedOn[0] ?? ip, ...passedOn]
    if (valuesOf(headerLines, 'x-forwarded-proto')[0]?.toLowerCase() === secureWord) words.unshift(secureWord)
    return words.join(' ')
  }
}

/** Each proxy adds whom it heard; so from the last one back to the first that is not trusted, who is the caller as far as can be known. */
function readPassedOn(addresses: readonly string[], isTrusted: (address: string) => boolean): string[] {
  const passedOn: string[] = []
  for (const address of addresses.toReversed()) {
    if (isIP(address) === 0) break
    passedOn.unshift(address)
    if (!isTrusted(address)) break
  }
  return passedOn
}

/** Of a list that may stand in several lines. */
function valuesOf(headerLines: string, name: string): string[] {
  const lines = headerLines.split('\n')
  const values: string[] = []
  for (let at = 1; at + 1 < lines.length; at += 2) if (lines[at]?.toLowerCase() === name) values.push(...(lines[at + 1] as string).split(','))
  return values.map((value) => value.trim())
}
