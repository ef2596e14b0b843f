import { createHash, timingSafeEqual } from 'node:crypto'
import { type ErrorCode, gatewayCollections, type RunAnswer, runTicketPattern, type StoredRun, storedRunSchema } from '@imprun/contracts'
import type { MongoClient } from 'mongodb'
import type { LogMessage } from '../../frames/frames.ts'
import type { Log } from '../../platform/log.ts'
import type { Environment, FunctionEntry } from '../environment.ts'
import { type InternalAnswer, InternalCallError, newInternalRequestId, type RunningCall, startInternalCall } from '../supervision/internal-call.ts'
import type { Supervisor } from '../supervision/supervisor.ts'
import { RunLogs } from './run-logs.ts'
import { toRunResult } from './run-result.ts'

/**
 * Code that was never saved, run once beside what its environment serves: loaded under a name of its own, called, forgotten. It runs in the worker of those in
 * quarantine, so that one that hangs takes no call of a published function with it.
 */
export interface Runs {
  /** @param ticket the value of `runHeader`; whoever holds it was let in by the backend */
  start(environment: Environment, ticket: string): Run
  /** @returns whether the line belongs to a run, which tells it to its author; it is not stored then */
  takeLog(message: LogMessage): boolean
}
export interface Run {
  answer: Promise<RunAnswer | { refused: ErrorCode }>
  /** Nobody waits any more: what runs is ended. */
  abandon(): void
}

/** Of one environment at once; more would take the places of its callers. */
const runsMax = 4
const answerBytesMax = 4 * 1024 * 1024
// What is logged right behind the answer leaves the worker a moment later.
const lateLogsMs = 30
const deadlineGraceMs = 100

export function createRuns(options: { client: MongoClient; supervisor: Pick<Supervisor, 'load' | 'unload' | 'dispatch' | 'count'>; log: Log }): Runs {
  const { client, supervisor, log } = options
  /** By the version that the run's lines carry. */
  const logs = new Map<string, RunLogs>()
  const running = new WeakMap<Environment, Set<number>>()

  /** Takes the document away, so that a ticket is good for one run. */
  const fetchRun = async (environment: Environment, ticket: string): Promise<{ id: string; stored: StoredRun } | undefined> => {
    const [, id = '', secret = ''] = runTicketPattern.exec(ticket) ?? []
    if (id === '') return undefined
    const collection = client.db(environment.assignment.gatewayDatabase).collection<{ _id: string }>(gatewayCollections.runs)
    const found = await collection.findOneAndDelete({ _id: id })
    const stored = found === null ? undefined : storedRunSchema.safeParse(found).data
    return stored !== undefined && stored.environment === environment.name && isSecret(secret, stored.secretHash) ? { id, stored } : undefined
  }

  const carryOut = async (environment: Environment, slot: number, ticket: string, state: RunState): Promise<RunAnswer | { refused: ErrorCode }> => {
    const fetched = await fetchRun(environment, ticket)
    if (fetched === undefined) return { refused: 'ROUTE_NOT_FOUND' }
    const { stored } = fetched
    const version = `run-${fetched.id}`
    const source = { version, revision: 0, code: stored.code, sourceMap: stored.sourceMap }
    const entry: FunctionEntry = {
      index: environment.indexOf(`#run/${slot}`),
      name: stored.name,
      version,
      revision: 0,
      methods: undefined,
      limits: stored.limits,
      middleware: environment.middlewareOf(stored.name),
      source,
      isUnsaved: true,
    }
    const lines = new RunLogs()
    logs.set(version, lines)
    try {
      const loaded = await supervisor.load(environment, entry, source)
      if (loaded.outcome === 'refused') return { refusal: loaded.refusal }
      if (loaded.outcome === 'abandoned') return { refused: 'WORKER_LOST' }
      return await call(environment, entry, stored, lines, state)
    } finally {
      logs.delete(version)
      supervisor.unload(environment, entry.index)
    }
  }

  const call = async (environment: Environment, entry: FunctionEntry, stored: StoredRun, lines: RunLogs, state: RunState): Promise<RunAnswer> => {
    const startedAtMs = performance.now()
    const { method, query, headers, body } = stored.request
    state.call = startInternalCall(supervisor, {
      environment,
      entry,
      trigger: 'run',
      method,
      path: `/${stored.name}${query === '' ? '' : `?${query}`}`,
      headers: Object.fromEntries(headers),
      body,
      requestId: newInternalRequestId(),
      deadlineAtMs: startedAtMs + environment.timeoutMsOf(stored.limits) + deadlineGraceMs,
      answerBytesMax,
    })
    if (state.isAbandoned) state.call.abandon()
    const answer = await state.call.answer.catch((error: unknown): InternalAnswer | InternalCallError => {
      if (error instanceof InternalCallError) return error
      throw error
    })
    const durationMs = performance.now() - startedAtMs
    if (!state.isAbandoned) await new Promise((resolve) => setTimeout(resolve, lateLogsMs))
    return { result: toRunResult(stored.name, answer, lines.taken, durationMs) }
  }

  return {
    start(environment, ticket) {
      const slots = running.get(environment) ?? new Set<number>()
      running.set(environment, slots)
      const slot = Array.from({ length: runsMax }, (_, index) => index).find((index) => !slots.has(index))
      if (slot === undefined) return { answer: Promise.resolve({ refused: 'WORKER_OVERLOADED' }), abandon: () => {} }
      slots.add(slot)
      const state: RunState = { call: undefined, isAbandoned: false }
      const answer = carryOut(environment, slot, ticket, state)
        .catch((error: unknown) => {
          log.warn({ environment: environment.key, error }, 'Code that was to be run once could not be run.')
          return { refused: 'DATABASE_UNAVAILABLE' } as const
        })
        .finally(() => slots.delete(slot))
      return {
        answer,
        abandon() {
          state.isAbandoned = true
          state.call?.abandon()
        },
      }
    },
    takeLog(message) {
      const lines = logs.get(message.version)
      lines?.add(message)
      // A line that comes after its run has been told belongs to nobody.
      return lines !== undefined || message.version.startsWith('run-')
    },
  }
}

interface RunState {
  call: RunningCall | undefined
  isAbandoned: boolean
}

function isSecret(secret: string, hash: string): boolean {
  const [given, kept] = [createHash('sha256').update(secret).digest(), Buffer.from(hash, 'hex')]
  return given.length === kept.length && timingSafeEqual(given, kept)
}
