import type { EnvironmentName } from '@imprun/contracts'
import type { GradualWish } from '../canaries/stored-canary.ts'
import type { OwnedGateway } from '../functions/function-lookup.ts'
import type { FunctionChanges, StoredFunction } from '../functions/function-store.ts'
import type { Caller } from '../http/handlers.ts'
import type { Compiled } from '../publishing/compile.ts'
import type { ReleaseWish } from '../releases/release-rules.ts'
import type { SetOf } from './prepare-set.ts'

/** What every deployment of one function is asked for with. */
export interface DeploymentRequest {
  gateway: OwnedGateway
  stored: StoredFunction
  by: Caller
  requestId: string
  callId?: string
  /** `clock.monotonicMs()` when the request arrived. */
  receivedAtMs: number
}
export interface PublishRequest extends DeploymentRequest {
  environment: EnvironmentName
  /** How the release is to be called, and what it says. */
  wish?: ReleaseWish
  /** Not to all callers at once, or not without a look afterwards. */
  gradual?: GradualWish
  compiling?: Promise<Compiled>
}
export interface SaveAndPublishRequest extends PublishRequest {
  /** What the save makes of `stored`. */
  changes: FunctionChanges
  /** The save is kept, and the deployment runs or waits. */
  onAccepted?(): void
}
export interface RollbackRequest extends DeploymentRequest {
  environment: EnvironmentName
  releaseId?: string | undefined
  reason: string
}
export interface PromotionRequest extends DeploymentRequest {
  from: EnvironmentName
  to: EnvironmentName
  gradual?: GradualWish
}

export interface SetRequest extends SetOf, Pick<DeploymentRequest, 'requestId' | 'receivedAtMs'> {
  callId?: string | undefined
}
