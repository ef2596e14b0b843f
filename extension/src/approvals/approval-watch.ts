import type { Deployment } from '@imprun/contracts'
import { isAwaitingApproval } from '../api/deployment-lists.ts'
import { type Disposable, Disposables } from '../platform/disposables.ts'
import type { Log } from '../platform/log.ts'
import type { OpenSession, Session } from '../session/session.ts'

/** Tells what began to wait for this person's approval, each thing once. Of a set one deployment speaks for all. Knows nothing of VS Code. */
export class ApprovalWatch implements Disposable {
  readonly #disposables = new Disposables()
  readonly #tell: (arrived: readonly Deployment[]) => void
  readonly #log: Log
  #told = new Set<string>()
  #catalogSubscription: Disposable | undefined

  constructor(session: Session, tell: (arrived: readonly Deployment[]) => void, log: Log) {
    this.#tell = tell
    this.#log = log
    this.#disposables.add(session.onOpened((opened) => this.#follow(opened)))
    this.#disposables.add(session.onStatus((status) => status === 'online' && session.current && void this.#read(session.current)))
    this.#follow(session.current)
  }

  dispose(): void {
    this.#catalogSubscription?.dispose()
    this.#disposables.dispose()
  }

  #follow(opened: OpenSession | undefined): void {
    this.#catalogSubscription?.dispose()
    this.#told = new Set()
    this.#catalogSubscription = opened?.catalog.onChanged(({ kind }) => kind === 'approvals' && this.#compare(opened))
  }

  async #read({ catalog }: OpenSession): Promise<void> {
    await catalog.deploymentLists.approvals.ensureLoaded().catch((error: unknown) => this.#log.warn(`Approvals could not be read: ${String(error)}`))
  }

  #compare({ catalog }: OpenSession): void {
    const arrived: Deployment[] = []
    for (const deployment of catalog.deploymentLists.approvals.items.filter(isAwaitingApproval)) {
      const subject = deployment.setId ?? deployment.deploymentId
      if (this.#told.has(subject)) continue
      this.#told.add(subject)
      arrived.push(deployment)
    }
    if (arrived.length > 0) this.#tell(arrived)
  }
}
