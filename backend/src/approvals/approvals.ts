import { ImprunError, type MemberRole, type PageQuery } from '@imprun/contracts'
import type { AwaitingStore } from '../deployments/awaiting-store.ts'
import { deploymentEnded, refused } from '../deployments/deployment-errors.ts'
import type { DeploymentStore } from '../deployments/deployment-store.ts'
import { toDeploymentView } from '../deployments/deployment-view.ts'
import type { Deployments } from '../deployments/deployments.ts'
import type { Refusal } from '../deployments/gates.ts'
import { gatesAtDispatch, type PrepareDeps } from '../deployments/prepare.ts'
import type { Members, StoredDeployment } from '../deployments/stored-deployment.ts'
import type { EnvironmentStore } from '../environments/environment-store.ts'
import type { GatewayStore, StoredGateway } from '../gateways/gateway-store.ts'
import type { Caller } from '../http/handlers.ts'
import type { MemberStore } from '../members/member-store.ts'
import type { ReleaseStore } from '../releases/release-store.ts'
import { cancelled, deploymentNotFound, expired, notAwaited, rejected, voided } from './approval-errors.ts'
import { checkCanceller, checkDecider, countApprovals } from './approval-rules.ts'
import { findChange, type SameDeps } from './still-the-same.ts'
import type { StoredDecision } from './stored-approval.ts'

export interface ApprovalsDeps extends SameDeps, Pick<PrepareDeps, 'variables' | 'clock'> {
  releases: ReleaseStore
  gateways: Pick<GatewayStore, 'getOwned' | 'findRole'>
  members: Pick<MemberStore, 'list' | 'listGatewayIds'>
  environments: Pick<EnvironmentStore, 'find' | 'get' | 'setHold'>
  deploymentStore: Pick<DeploymentStore, 'findById' | 'listMembers'>
  awaiting: AwaitingStore
  deployments: Pick<Deployments, 'resume'>
}

/** The one that was named, of a gateway that the caller may read. */
export interface Named {
  gatewayId: string
  deploymentId: string
  caller: Caller
}

/**
 * What people decide on deployments into protected environments. Of a set, deciding on one is deciding on all.
 * Each @throws GATEWAY_NOT_FOUND, DEPLOYMENT_NOT_FOUND, FORBIDDEN, APPROVAL_NOT_AWAITED, and returns the deployment that was named.
 */
export interface Approvals {
  /**
   * The last yes deploys, and answers when that has ended, whatever its status.
   * @throws APPROVAL_VOID, APPROVAL_EXPIRED when it ended with this try; what a gate refuses now, and then it goes on waiting.
   */
  approve(named: Named & { comment?: string | undefined; receivedAtMs: number }): Promise<StoredDeployment>
  reject(named: Named & { reason: string }): Promise<StoredDeployment>
  cancel(named: Named & { reason?: string | undefined }): Promise<StoredDeployment>
  /** What waits for this person, over all gateways. */
  list(userId: string, query: PageQuery): Promise<StoredDeployment[]>
  /** Ends what has expired or is about something else by now. */
  sweep(): Promise<void>
}

/** Each more means that somebody else decided in between. */
const attemptsMax = 20
const sweptMax = 100

interface Found {
  gateway: StoredGateway
  role: MemberRole
  named: StoredDeployment
  members: Members
}

export function createApprovals(deps: ApprovalsDeps): Approvals {
  const { gateways, deploymentStore, awaiting, clock } = deps

  const find = async ({ gatewayId, deploymentId, caller }: Named): Promise<Found> => {
    const gateway = await gateways.getOwned(gatewayId, caller.userId)
    const [role, named] = await Promise.all([gateways.findRole(gateway, caller.userId), deploymentStore.findById(deploymentId)])
    if (!role || named?.gatewayId !== gatewayId) throw deploymentNotFound(deploymentId)
    const lead = named.setId === undefined ? named : await deploymentStore.findById(named.setId)
    if (!lead) throw deploymentNotFound(deploymentId)
    return { gateway, role, named, members: await deploymentStore.listMembers(lead) }
  }

  /** Again from the beginning whenever somebody else has decided in between. */
  const settle = async (named: Named, attempt: (found: Found) => Promise<Members | undefined>): Promise<StoredDeployment> => {
    for (let attempts = 0; attempts < attemptsMax; attempts++) {
      const found = await find(named)
      const written = await attempt(found)
      const mine = written?.find(({ _id }) => _id === found.named._id)
      if (mine) return mine
    }
    throw new Error(`Deployment ${named.deploymentId} changed ${attemptsMax} times while one decision was tried.`)
  }

  const endUnless = async (members: Members): Promise<Members | undefined> => {
    const at = clock.now()
    const [{ approval }] = members
    const change = await findChange(deps, members)
    const isExpired = approval && approval.expiresAt <= at
    const error = isExpired ? expired() : change ? voided(change) : undefined
    return error ? awaiting.end(members, { error, at }) : undefined
  }

  const approve: Approvals['approve'] = ({ comment, receivedAtMs, ...named }) =>
    settle(named, async ({ gateway, role, members }) => {
      const { caller } = named
      checkDecider(members[0], caller, role)
      refuseDecided(members[0])
      const ended = await endUnless(members)
      if (ended) throw deploymentEnded(toDeploymentView(ended[0]))
      if (members[0].approval?.decisions.some(({ userId }) => userId === caller.userId)) return members
      const decision: StoredDecision = { userId: caller.userId, by: caller.name, decision: 'approved', at: clock.now(), ...(comment ? { comment } : {}) }
      if (!(await isLast(deps, gateway, members[0], decision))) return awaiting.decide(members, decision)
      await askGates(deps, gateway, members)
      const approved = await awaiting.approve(members, decision)
      return approved && runApproved(deps, approved, receivedAtMs)
    })

  return {
    approve,
    reject: ({ reason, ...named }) =>
      settle(named, ({ role, members }) => {
        const { caller } = named
        checkDecider(members[0], caller, role)
        refuseDecided(members[0])
        const at = clock.now()
        const decision: StoredDecision = { userId: caller.userId, by: caller.name, decision: 'rejected', at, comment: reason }
        return awaiting.end(members, { error: rejected(caller.name, reason), at, decision })
      }),
    cancel: ({ reason, ...named }) =>
      settle(named, ({ role, members }) => {
        checkCanceller(members[0], named.caller, role)
        refuseDecided(members[0])
        return awaiting.end(members, { error: cancelled(named.caller.name, reason), at: clock.now() })
      }),
    async list(userId, query) {
      const gatewayIds = await deps.members.listGatewayIds(userId, ['admin', 'approver'])
      return awaiting.listFor(userId, { $or: [{ ownerId: userId }, { gatewayId: { $in: gatewayIds } }] }, query)
    },
    async sweep() {
      let last: string | undefined
      do {
        const leads = await awaiting.listLeads(sweptMax, last)
        for (const lead of leads) await endUnless(await deploymentStore.listMembers(lead))
        last = leads.length < sweptMax ? undefined : leads.at(-1)?._id
      } while (last !== undefined)
    },
  }
}

function refuseDecided(deployment: StoredDeployment): void {
  if (deployment.awaitsApproval) return
  throw deployment.approval && deployment.error ? deploymentEnded(toDeploymentView(deployment)) : notAwaited(deployment)
}

async function isLast({ members }: ApprovalsDeps, gateway: StoredGateway, { approval }: StoredDeployment, decision: StoredDecision): Promise<boolean> {
  if (!approval) throw new ImprunError('APPROVAL_NOT_AWAITED', 'This deployment needs no approval.')
  const roles = new Map<string, MemberRole>((await members.list(gateway.gatewayId)).map(({ userId, role }) => [userId, role]))
  roles.set(gateway.ownerId, 'owner')
  return countApprovals({ decisions: [...approval.decisions, decision] }, roles) >= approval.required
}

/** As when the deployment was asked for. @throws all refusals at once */
async function askGates(deps: ApprovalsDeps, { pipeline }: StoredGateway, members: Members): Promise<void> {
  const functions = await deps.functions.listByIds(members.map(({ functionId }) => functionId))
  const asked = members.map((member): Promise<Refusal[]> => {
    const served = functions.find(({ _id }) => _id === member.functionId)?.served ?? {}
    const isRemoval = member.kind === 'removal'
    return gatesAtDispatch(deps, member, { pipeline: isRemoval ? 'off' : pipeline, served, ...(isRemoval ? {} : { from: member.from }) })
  })
  const [first, ...others] = (await Promise.all(asked)).flat()
  if (first) throw refused([first, ...others])
}

async function runApproved({ environments, deployments }: ApprovalsDeps, approved: Members, startedAtMs: number): Promise<Members> {
  const [{ gatewayId, environment, by }] = approved
  // As with every deployment that a person asks for.
  if (!by.isAutomation) await environments.setHold(gatewayId, environment, undefined)
  return deployments.resume(approved, startedAtMs)
}
