import type { Application, Gateway, ImprunEvent, ImprunFunction, Tool } from '@imprun/contracts'
import { pageLimitMax } from '@imprun/contracts/paging'
import type { Disposable } from '../platform/disposables.ts'
import { Emitter } from '../platform/emitter.ts'
import { getOrMake } from '../platform/get-or-make.ts'
import type { ApiClient } from './api-client.ts'
import { DeploymentLists, type DeploymentsChange } from './deployment-lists.ts'
import { PagedList } from './paged-list.ts'

/** What changed, as far as a view needs to know it. */
export type CatalogChange =
  /** One gateway only, when its id is given. */
  { kind: 'gateways'; gatewayId?: string } | { kind: 'functions'; gatewayId: string } | DeploymentsChange | { kind: 'applications' } | { kind: 'tools' }

const byName = (a: { name: string }, b: { name: string }) => a.name.localeCompare(b.name)
const isNamed = ({ name }: { name: string }, part: string) => name.toLowerCase().includes(part.toLowerCase())

/**
 * What the views show: the backend's lists as far as somebody looked at them. The event stream keeps them true, so nothing polls.
 * Knows nothing of VS Code.
 */
export class Catalog implements Disposable {
  readonly #api: ApiClient
  readonly #changed = new Emitter<CatalogChange>()
  readonly #functions = new Map<string, PagedList<ImprunFunction>>()
  #filter = ''
  #gatewayFilter = ''

  readonly onChanged = this.#changed.event
  readonly gateways: PagedList<Gateway>
  readonly applications: PagedList<Application>
  readonly tools: PagedList<Tool>
  readonly deploymentLists: DeploymentLists

  constructor(api: ApiClient, userId: string) {
    this.#api = api
    this.deploymentLists = new DeploymentLists(api, userId, (change) => this.#changed.fire(change))
    this.gateways = new PagedList<Gateway>({
      fetchPage: (cursor) =>
        api.call('listGateways', { query: { limit: pageLimitMax, cursor, ...(this.#gatewayFilter ? { filter: this.#gatewayFilter } : {}) } }),
      keyOf: (gateway) => gateway.gatewayId,
      accepts: (gateway) => isNamed(gateway, this.#gatewayFilter),
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

  /** Part of a name that gateways must contain to be listed; asked of the server. */
  get gatewayFilter(): string {
    return this.#gatewayFilter
  }
  setGatewayFilter(filter: string): void {
    this.#gatewayFilter = filter
    this.gateways.reset()
  }

  functions(gatewayId: string): PagedList<ImprunFunction> {
    return getOrMake(this.#functions, gatewayId, () => this.#functionList(gatewayId))
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
        return this.deploymentLists.accept(event.deployment)
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

  /**
   * Reads again what was read before: events may have been missed. A list that fails keeps what it had. Those of single gateways are read when they are
   * looked at next, or two hundred gateways would be as many requests at once.
   */
  async reload(): Promise<void> {
    for (const list of [...this.#functions.values(), ...this.deploymentLists.ofGateways()]) list.expire()
    const lists = [this.gateways, this.applications, this.tools, this.deploymentLists.approvals]
    await Promise.allSettled(lists.filter((list) => list.isLoaded).map((list) => list.reload()))
  }

  dispose(): void {
    this.deploymentLists.dispose()
    this.#changed.dispose()
  }

  #functionList(gatewayId: string): PagedList<ImprunFunction> {
    return new PagedList<ImprunFunction>({
      fetchPage: (cursor) =>
        this.#api.call('listFunctions', { params: { gatewayId }, query: { limit: pageLimitMax, cursor, ...(this.#filter ? { filter: this.#filter } : {}) } }),
      keyOf: (item) => item.functionId,
      compare: byName,
      accepts: (item) => isNamed(item, this.#filter),
      onChange: () => this.#changed.fire({ kind: 'functions', gatewayId }),
    })
  }

  #forgetGateway(gatewayId: string): void {
    this.#functions.delete(gatewayId)
    this.deploymentLists.forget(gatewayId)
    this.gateways.remove(gatewayId)
  }
}
