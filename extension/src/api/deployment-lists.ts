import type { Deployment, DeploymentStatus, EnvironmentName, Page } from '@imprun/contracts'
import { pageLimitMax } from '@imprun/contracts/paging'
import { coalesce } from '../platform/coalesce.ts'
import type { Disposable } from '../platform/disposables.ts'
import { getOrMake } from '../platform/get-or-make.ts'
import type { ApiClient } from './api-client.ts'
import { PagedList } from './paged-list.ts'

// A history is read from its top; more comes with "Load more".
const historyPageSize = 30
/** Of a set, every deployment brings an event; they are one question. */
const approvalsAskedMs = 150

/** What a history is narrowed to; the server searches. */
export interface DeploymentFilter {
  readonly environment?: EnvironmentName
  readonly status?: DeploymentStatus
  /** Part of a function's name. */
  readonly filter?: string
}

export type DeploymentsChange = { kind: 'deployments'; gatewayId: string } | { kind: 'running'; gatewayId: string } | { kind: 'approvals' }

const openStatuses: readonly DeploymentStatus[] = ['PENDING', 'VALIDATING', 'IN_PROGRESS']
/** What is VALIDATING is something else by the time that the answer is here. */
const askedStatuses: readonly DeploymentStatus[] = ['PENDING', 'IN_PROGRESS']
export const isOpen = ({ status }: Pick<Deployment, 'status'>): boolean => openStatuses.includes(status)
export const isAwaitingApproval = ({ status, approval }: Deployment): boolean => status === 'PENDING' && approval !== undefined

const newestFirst = (a: Deployment, b: Deployment) => b.createdAt.localeCompare(a.createdAt) || b.deploymentId.localeCompare(a.deploymentId)
const keyOf = ({ deploymentId }: Deployment) => deploymentId

/** Histories of gateways, what runs in them, and what waits for this person's approval. Knows nothing of VS Code. */
export class DeploymentLists implements Disposable {
  readonly #api: ApiClient
  readonly #userId: string
  readonly #changed: (change: DeploymentsChange) => void
  readonly #histories = new Map<string, PagedList<Deployment>>()
  readonly #running = new Map<string, PagedList<Deployment>>()
  readonly #askApprovals = coalesce(approvalsAskedMs, () => void this.approvals.reload().catch(() => undefined))
  #filter: DeploymentFilter = {}

  /** Over all gateways; read once, when the session is there. */
  readonly approvals: PagedList<Deployment>

  constructor(api: ApiClient, userId: string, changed: (change: DeploymentsChange) => void) {
    this.#api = api
    this.#userId = userId
    this.#changed = changed
    this.approvals = new PagedList<Deployment>({
      ...{ keyOf, compare: newestFirst },
      fetchPage: (cursor) => api.call('listApprovals', { query: { limit: pageLimitMax, cursor } }),
      onChange: () => changed({ kind: 'approvals' }),
    })
  }

  get filter(): DeploymentFilter {
    return this.#filter
  }
  setFilter(filter: DeploymentFilter): void {
    this.#filter = filter
    for (const list of this.#histories.values()) list.reset()
  }

  accepts(deployment: Deployment): boolean {
    const { environment, status, filter = '' } = this.#filter
    const isNamed = deployment.functionName.toLowerCase().includes(filter.toLowerCase())
    return isNamed && (environment ?? deployment.environment) === deployment.environment && (status ?? deployment.status) === deployment.status
  }

  history(gatewayId: string): PagedList<Deployment> {
    return getOrMake(this.#histories, gatewayId, () => this.#historyList(gatewayId))
  }

  /** What has not ended, however long ago it began. */
  running(gatewayId: string): PagedList<Deployment> {
    return getOrMake(this.#running, gatewayId, () => this.#runningList(gatewayId))
  }

  /** What is on its way to an environment for longer than a moment: it waits for approval, or serves a part of the callers. As far as it was read. */
  findUnderWay(gatewayId: string, functionName: string, environment: EnvironmentName): Deployment | undefined {
    const isMeant = (item: Deployment) => item.functionName === functionName && item.environment === environment
    return this.#running.get(gatewayId)?.items.find((item) => isMeant(item) && (isAwaitingApproval(item) || item.canary !== undefined))
  }

  find(gatewayId: string, deploymentId: string): Deployment | undefined {
    return this.#running.get(gatewayId)?.find(deploymentId) ?? this.#histories.get(gatewayId)?.find(deploymentId) ?? this.approvals.find(deploymentId)
  }

  accept(deployment: Deployment): void {
    const { gatewayId, deploymentId } = deployment
    this.#histories.get(gatewayId)?.upsert(deployment)
    const running = this.#running.get(gatewayId)
    if (isOpen(deployment)) running?.upsert(deployment)
    else running?.remove(deploymentId)
    this.#acceptApproval(deployment)
  }

  /** @returns lists that were read and belong to one gateway each */
  ofGateways(): PagedList<Deployment>[] {
    return [...this.#histories.values(), ...this.#running.values()]
  }

  forget(gatewayId: string): void {
    this.#histories.delete(gatewayId)
    this.#running.delete(gatewayId)
    for (const { deploymentId } of this.approvals.items.filter((item) => item.gatewayId === gatewayId)) this.approvals.remove(deploymentId)
  }

  dispose(): void {
    this.#askApprovals.dispose()
  }

  /** Whether it waits for this person is the server's to say: roles and named approvers decide. */
  #acceptApproval(deployment: Deployment): void {
    const isDecided = deployment.approval?.decisions.some(({ userId }) => userId === this.#userId) ?? false
    if (!isAwaitingApproval(deployment) || isDecided) return this.approvals.remove(deployment.deploymentId)
    if (this.approvals.find(deployment.deploymentId)) return this.approvals.upsert(deployment)
    if (deployment.byUserId !== this.#userId) this.#askApprovals.ask()
  }

  #historyList(gatewayId: string): PagedList<Deployment> {
    return new PagedList<Deployment>({
      ...{ keyOf, compare: newestFirst },
      fetchPage: (cursor) => this.#api.call('listGatewayDeployments', { params: { gatewayId }, query: { ...this.#filter, limit: historyPageSize, cursor } }),
      accepts: (deployment) => this.accepts(deployment),
      onChange: () => this.#changed({ kind: 'deployments', gatewayId }),
    })
  }

  #runningList(gatewayId: string): PagedList<Deployment> {
    return new PagedList<Deployment>({
      ...{ keyOf, compare: newestFirst },
      fetchPage: () => this.#fetchOpen(gatewayId),
      onChange: () => this.#changed({ kind: 'running', gatewayId }),
    })
  }

  async #fetchOpen(gatewayId: string): Promise<Page<Deployment>> {
    const pages = await Promise.all(
      askedStatuses.map((status) => this.#api.call('listGatewayDeployments', { params: { gatewayId }, query: { status, limit: pageLimitMax } })),
    )
    return { items: pages.flatMap(({ items }) => items) }
  }
}
