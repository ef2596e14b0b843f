import type { ClientSession, UpdateFilter } from 'mongodb'
import type { Database } from '../database/database.ts'
import type { StoredDeployment } from '../deployments/stored-deployment.ts'
import type { Observed } from './decide.ts'
import { noWindow, type PersonsWord, type StoredCanary } from './stored-canary.ts'

/** A deployment whose canary runs. */
export type CanaryDeployment = StoredDeployment & { canary: StoredCanary }

type NewStep = Pick<StoredCanary, 'step' | 'percent' | 'since' | 'before'> & { stepAt: Date; revision: number }

/**
 * The part of a deployment's document that its canary lives in. Who holds the deployment writes here, and what lost its claim writes nothing; a person's word
 * is left beside that, for whoever holds it.
 */
export interface CanaryStore {
  /** @returns undefined when the claim is lost */
  read(held: StoredDeployment): Promise<CanaryDeployment | undefined>
  /** Tells how it does. @returns as `read` */
  tell(held: StoredDeployment, observed: Observed): Promise<CanaryDeployment | undefined>
  /** @returns as `read` */
  beginStep(held: StoredDeployment, step: NewStep, session: ClientSession): Promise<CanaryDeployment | undefined>
  /** From now on it goes the way of every deployment. @returns as `read` */
  beginPromoting(held: StoredDeployment, revision: number, session: ClientSession): Promise<CanaryDeployment | undefined>
  /** The first word counts. @returns false when no canary of the deployment runs, or somebody was first */
  say(deploymentId: string, word: PersonsWord): Promise<boolean>
  /** Those whose candidate runtimes have beside what serves. */
  listRunning(gatewayId: string, session?: ClientSession): Promise<CanaryDeployment[]>
}

const running = { isOpen: true as const, status: 'IN_PROGRESS' as const, canary: { $exists: true }, 'canary.isPromoting': { $exists: false } }

export function createCanaryStore(database: Database): CanaryStore {
  const deployments = database.sys.collection<StoredDeployment>('deployments')
  const held = ({ _id, fence }: StoredDeployment) => ({ _id, fence, ...running })
  const change = async (holding: StoredDeployment, update: UpdateFilter<StoredDeployment>, session?: ClientSession) => {
    const options = { returnDocument: 'after' as const, ...(session ? { session } : {}) }
    return ((await deployments.findOneAndUpdate(held(holding), update, options)) as CanaryDeployment | null) ?? undefined
  }
  return {
    read: async (holding) => ((await deployments.findOne(held(holding))) as CanaryDeployment | null) ?? undefined,
    tell: (holding, { window, verdict }) => change(holding, { $set: { 'canary.window': window, 'canary.verdict': verdict } }),
    beginStep(holding, { step, percent, stepAt, since, before, revision }, session) {
      const begun = { 'canary.step': step, 'canary.percent': percent, 'canary.stepAt': stepAt, 'canary.since': since, 'canary.before': before }
      const fresh = { 'canary.window': noWindow, 'canary.verdict': 'insufficient' as const }
      return change(holding, { $set: { ...begun, ...fresh, revision } }, session)
    },
    beginPromoting: (holding, revision, session) => change(holding, { $set: { 'canary.isPromoting': true, 'canary.percent': 100, revision } }, session),
    async say(deploymentId, word) {
      const { matchedCount } = await deployments.updateOne(
        { _id: deploymentId, ...running, 'canary.word': { $exists: false } },
        { $set: { 'canary.word': word } },
      )
      return matchedCount > 0
    },
    listRunning: async (gatewayId, session) => (await deployments.find({ gatewayId, ...running }, session ? { session } : {}).toArray()) as CanaryDeployment[],
  }
}
