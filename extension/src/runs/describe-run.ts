import { STATUS_CODES } from 'node:http'
import type { RunResult } from '@imprun/contracts'
import { layOut } from '../requests/send.ts'
import type { Translate } from '../ui/translate.ts'

export interface RunFacts {
  readonly name: string
  readonly method: string
  readonly query: string
  readonly at: Date
}

/** The page beside the code: first what matters, the answer or why there is none; then what was logged; headers last. */
export function describeRun({ name, method, query, at }: RunFacts, result: RunResult, t: Translate): string {
  const address = `${method} /${name}${query === '' ? '' : `?${query}`}`
  const status = [result.status, STATUS_CODES[result.status]].filter(Boolean).join(' ')
  const head = [`${status} · ${formatMs(result.durationMs)} · ${address}`, t('Run against dev at {0}. Nothing was published.', at.toLocaleTimeString()), '']
  return [...head, ...answerLines(result, t), ...logLines(result, t), ...headerLines(result, t)].join('\n')
}

export const describeFaults = ({ name, at }: Pick<RunFacts, 'name' | 'at'>, message: string, faults: readonly string[], t: Translate): string =>
  [t('{0} did not run ({1})', name, at.toLocaleTimeString()), '', message, ...faults.map((fault) => `    ${fault}`), ''].join('\n')

function answerLines({ error, body, bodyEncoding, headers, isTruncated }: RunResult, t: Translate): string[] {
  if (error) return [`${error.code}`, error.message, '']
  if (body === '') return [t('(no body)'), '']
  if (bodyEncoding === 'base64') return [t('(bytes, as base64)'), body, '']
  const isJson = headers.some(([name, value]) => name === 'content-type' && /json/i.test(value))
  return [isJson ? layOut(body) : body, ...(isTruncated ? [t('(there is more)')] : []), '']
}

function logLines({ logs }: RunResult, t: Translate): string[] {
  if (logs.length === 0) return []
  const lines = logs.map(
    ({ level, message, durationMs }) => `  ${level.padEnd(5)} ${durationMs === undefined ? '' : `+${formatMs(durationMs)} `}${indent(message)}`,
  )
  return [t('Logs'), ...lines, '']
}

function headerLines({ headers }: RunResult, t: Translate): string[] {
  return headers.length === 0 ? [] : [t('Headers'), ...headers.map(([name, value]) => `  ${name}: ${value}`), '']
}

const indent = (text: string) => text.replaceAll('\n', '\n        ')

export function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(1)} ms`
  return ms < 10_000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
