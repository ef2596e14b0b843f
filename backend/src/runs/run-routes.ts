import { createHash, randomBytes } from 'node:crypto'
import { type ErrorCode, ImprunError, type RunAnswer, type RunRequest, type RunResult, type StoredRun } from '@imprun/contracts'
import { loadFailed } from '../deployments/deployment-errors.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { Addresses } from '../environments/environment-view.ts'
import type { FunctionLookup } from '../functions/function-lookup.ts'
import { checkCodeSize } from '../functions/function-rules.ts'
import type { ApiRequest, Handlers } from '../http/handlers.ts'
import type { Clock } from '../platform/clock.ts'
import { newId } from '../platform/ids.ts'
import type { Compiler } from '../publishing/compile.ts'
import { askRuntime } from './ask-runtime.ts'
import type { RunStore } from './run-store.ts'

export interface RunRoutesDeps {
  lookup: FunctionLookup
  compiler: Compiler
  runs: RunStore
  environments: Pick<EnvironmentStore, 'get'>
  addresses: Pick<Addresses, 'edgeUrl'>
  clock: Clock
}

/** Code that was not saved, run once against dev: compiled as for a publish, handed to a runtime under a secret, and forgotten. */
export function createRunRoutes(deps: RunRoutesDeps): Pick<Handlers, 'runFunction'> {
  const { lookup, compiler, runs, environments, addresses, clock } = deps
  return {
    async runFunction({ params, body, account, signal, audit }: ApiRequest<'runFunction'>) {
      audit({ function: params.functionId })
      checkCodeSize(body.code)
      const { gateway, stored } = await lookup.getForChange(params.gatewayId, params.functionId, account.userId)
      const { gatewayId } = gateway
      const { name, limits } = stored
      const { code, sourceMap } = await compiler.compile({ gatewayId, name, code: body.code })
      signal.throwIfAborted()
      const runId = newId()
      const secret = randomBytes(32).toString('hex')
      const run: StoredRun = {
        ...{ environment: 'dev', name, code, sourceMap, limits },
        secretHash: createHash('sha256').update(secret).digest('hex'),
        request: toStoredRequest(body.request),
        createdAt: clock.now(),
      }
      const edgeUrl = addresses.edgeUrl(await environments.get(gatewayId, 'dev'))
      await runs.insert(gatewayId, runId, run)
      try {
        return toResult(name, await askRuntime(edgeUrl, { gatewayId, name }, `${runId}.${secret}`, signal))
      } finally {
        await runs.remove(gatewayId, runId).catch(() => {})
      }
    },
  }
}

function toStoredRequest({ method, query = '', headers = {}, body = '' }: RunRequest): StoredRun['request'] {
  const given = Object.entries(headers).map(([name, value]): [string, string] => [name.toLowerCase(), value])
  const hasType = given.some(([name]) => name === 'content-type')
  const sent = method === 'GET' ? '' : body
  return { method, query, headers: sent === '' || hasType ? given : [...given, ['content-type', 'application/json']], body: sent }
}

/** Code that can not be loaded is told as a publish tells it: with the place of the fault. */
function toResult(name: string, answer: RunAnswer): RunResult {
  if ('result' in answer) return answer.result
  const { code, detail, errors } = loadFailed([{ name, revision: 0, ...answer.refusal }])
  throw new ImprunError(code as ErrorCode, detail, errors ? { errors } : {})
}
