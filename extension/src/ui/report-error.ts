import { errorCodes, isImprunError } from '@imprun/contracts/errors'
import type { Log } from '../platform/log.ts'
import { redact } from '../platform/redact.ts'
import type { Prompts } from './prompts.ts'
import type { Translate } from './translate.ts'

export interface ErrorReporter {
  /** Shows a failure once, in the backend's words. Resolves with 'retry' when the person asks for another try and one can help. */
  report(error: unknown, doing: string): Promise<'retry' | undefined>
}

export function createErrorReporter(ports: { prompts: Prompts; log: Log; showLog: () => void; t: Translate }): ErrorReporter {
  const { prompts, log, showLog, t } = ports
  return {
    async report(error, doing) {
      if (isCancelled(error)) return undefined
      log.error(`${doing}: ${describe(error)}`)
      const retry = t('Retry')
      const openLog = t('Show log')
      const canRetry = isImprunError(error) && errorCodes[error.code].retry === 'later'
      const chosen = await prompts.offer('error', redact(wordsOf(error, t)), ...(canRetry ? [retry] : []), openLog)
      if (chosen === openLog) showLog()
      return chosen === retry ? 'retry' : undefined
    },
  }
}

/** The message, and for input the fields that are at fault. */
function wordsOf(error: unknown, t: Translate): string {
  if (!isImprunError(error)) return t('Something went wrong inside the imprun extension. The log has the details.')
  const faults = (error.errors ?? []).map(({ field, message }) => `${field}: ${message}`)
  return [error.message, ...faults.slice(0, 3)].join(' ')
}

function describe(error: unknown): string {
  if (!isImprunError(error)) return error instanceof Error ? (error.stack ?? error.message) : String(error)
  const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
  const requestId = error.facts?.requestId
  return `${error.code} ${error.message}${cause}${typeof requestId === 'string' ? ` [request ${requestId}]` : ''}`
}

const isCancelled = (error: unknown) => error instanceof Error && (error.name === 'AbortError' || error.name === 'Canceled')
