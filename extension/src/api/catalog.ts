import type { Application, Deployment, Gateway, ImprunEvent, ImprunFunction, Tool } from '@imprun/contracts'
import { pageLimitMax } from '@imprun/contracts'
import { Emitter } from '../platform/emitter.ts'
import type { ApiClient } from './api-client.ts'
import { PagedList } from './paged-list.ts'

/** What changed, as far as a view needs to know it. */
export type CatalogChange =
  /** One gateway only, when its id is given. */
  | { kind: 'gateways'; gatewayId?: string }
  | { kind: 'functions'; gatewayId: string }
  | { kind: 'deployments'; gatewayId: string }
  | { kind: 'applications' }
  | { kind: 'tools' }

const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
const newestFirst = (a: Deployment, b: Deployment) => b.createdAt.localeCompare(a.createdAt) || b.deploymentId.localeCompare(a.deploymentId)

// A history is read from its top; more comes with "Load more".
const deploymentPageSize = 30

/**
 * What the views show: the backend's lists as far as somebody looked at them. The event stream keeps them true, so nothing polls.
 * Knows nothing of VS Code.
 */
export class Catalog {
  readonly #api: ApiClient
  readonly #changed = new Emitter<CatalogChange>()
  readonly #functions = new Map<string, PagedList<ImprunFunction>>()
  readonly #deployments = new Map<string, PagedList<Deployment>>()
  #filter = ''

  readonly onChanged = this.#changed.event
  readonly gateways: PagedList<Gateway>
  readonly applications: PagedList<Application>
  readonly tools: PagedList<Tool>

  constructor(api: ApiClient) {
    this.#api = api
    this.gateways = new PagedList<Gateway>({
      fetchPage: (cursor) => api.call('listGateways', { query: { limit: pageLimitMax, cursor } }),
      keyOf: (gateway) => gateway.gatewayId,
      compare: (a, b) => byName(a, b) || a.gatewayId.localeCompare(b.gatewayId),
      onChange: (gatewayId) => this.#changed.fire({ kind: 'gateways', ...(gatewayId ? { gatewayId } : {}) }),
    })
    this.applications = new PagedList<Application>({
      fetchPage: (cursor) => api.call('listApplications', { query: { limit: pageLimitMax, cursor } }),
      keyOf: (application) => application.applicationId,
      compare: byName,
      onChange: () => this.#changed.fire({ kind: 'applications' }),
    })
    this.tools = new PagedList<Tool>({
      fetchPage: (cursor) => api.call('listTools', { query: { limit: pageLimitMax, cursor } }),
      keyOf: (tool) => tool.toolId,
      compare: (a, b) => byName(a, b) || a.toolId.localeCompare(b.toolId),
      onChange: () => this.#changed.fire({ kind: 'tools' }),
    })
  }

  /** Part of a name that functions must contain to be listed; asked of the server. */
  get filter(): string {
    return this.#filter
  }
  setFilter(filter: string): void {
    this.#filter = filter
    for (const list of this.#functions.values()) list.reset()
  }

  functions(gatewayId: string): PagedList<ImprunFunction> {
    return getOrMake(this.#functions, gatewayId, () => this.#functionList(gatewayId))
  }

  deployments(gatewayId: string): PagedList<Deployment> {
    return getOrMake(this.#deployments, gatewayId, () => this.#deploymentList(gatewayId))
  }

  accept(event: ImprunEvent): void {
    switch (event.type) {
      case 'gateway':
        return event.gateway.phase === 'Deleted' ? this.#forgetGateway(event.gateway.gatewayId) : this.gateways.upsert(event.gateway)
      case 'gatewayGone':
        return this.#forgetGateway(event.gatewayId)
      case 'function':
        return this.#functions.get(event.function.gatewayId)?.upsert(event.function)
      case 'health':
        return this.#setHealth(event)
      case 'functionGone':
        return this.#functions.get(event.gatewayId)?.remove(event.functionId)
      case 'deployment':
        return this.#deployments.get(event.deployment.gatewayId)?.upsert(event.deployment)
      case 'application':
        return this.applications.upsert(event.application)
      case 'tool':
        return this.tools.upsert(event.tool)
      case 'toolGone':
        return this.tools.remove(event.toolId)
    }
  }

  #setHealth({ gatewayId, environment, functionName, calls, failed, quarantine }: Extract<ImprunEvent, { type: 'health' }>): void {
    const list = this.#functions.get(gatewayId)
    const known = list?.items.find(({ name }) => name === functionName)
    if (!list || !known) return
    const health = { calls, failed, ...(quarantine ? { quarantine } : {}) }
    list.upsert({ ...known, served: known.served.map((served) => (served.environment === environment ? { ...served, health } : served)) })
  }

  /** Reads again whatever was read before: events may have been missed. A list that fails keeps what it had. */
  async reload(): Promise<void> {
    const lists = [this.gateways, this.applications, this.tools, ...this.#functions.values(), ...this.#deployments.values()]
    await Promise.allSettled(lists.filter((list) => list.isLoaded).map((list) => list.reload()))
  }

  #functionList(gatewayId: string): PagedList<ImprunFunction> {
    const accepts = (item: ImprunFunction) => item.name.toLowerCase().includes(this.#filter.toLowerCase())
    return new PagedList<ImprunFunction>({
      fetchPage: (cursor) =>
        this.#api.call('listFunctions', { params: { gatewayId }, query: { limit: pageLimitMax, cursor, ...(this.#filter ? { filter: this.#filter } : {}) } }),
      keyOf: (item) => item.functionId,
      compare: byName,
      accepts,
      onChange: () => this.#changed.fire({ kind: 'functions', gatewayId }),
    })
  }

  #deploymentList(gatewayId: string): PagedList<Deployment> {
    return new PagedList<Deployment>({
      fetchPage: (cursor) => this.#api.call('listGatewayDeployments', { params: { gatewayId }, query: { limit: deploymentPageSize, cursor } }),
      keyOf: (deployment) => deployment.deploymentId,
      compare: newestFirst,
      onChange: () => this.#changed.fire({ kind: 'deployments', gatewayId }),
    })
  }

  #forgetGateway(gatewayId: string): void {
    this.#functions.delete(gatewayId)
    this.#deployments.delete(gatewayId)
    this.gateways.remove(gatewayId)
  }
}

function getOrMake<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const found = map.get(key)
  if (found) return found
  const made = make()
  map.set(key, made)
  return made
}
