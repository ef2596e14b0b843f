import { type EnvironmentName, environmentNameSchema, type FunctionHealth, type ImprunEvent } from '@imprun/contracts'
import type { Watcher } from '../database/watcher.ts'
import type { Audience } from '../events/event-source.ts'
import type { Log } from '../platform/log.ts'
import type { HealthStore } from './health-store.ts'

/** Tells whoever listens how functions do, soon after it changes; and once more when a failure has passed out of sight. */
export interface HealthWatch {
  stop(): void
}

export interface HealthWatchDeps {
  watcher: Watcher
  health: HealthStore
  log: Log
  findOwner(gatewayId: string): Promise<string | undefined>
  announce(event: ImprunEvent, key: string, audience: Audience): void
  isHeard(): boolean
}

/** Runtimes write every few seconds; what several of them write is told once. */
const tellAfterMs = 500
const lookAgainEveryMs = 30_000

export function createHealthWatch({ watcher, health, log, findOwner, announce, isHeard }: HealthWatchDeps): HealthWatch {
  const changed = new Set<string>()
  /** By gateway: what was told of functions that had failures, or run apart. */
  const failing = new Map<string, Map<string, FunctionHealth>>()
  let timer: NodeJS.Timeout | undefined

  const tellGateway = async (gatewayId: string) => {
    const [ownerId, now] = await Promise.all([findOwner(gatewayId), health.read(gatewayId)])
    if (ownerId === undefined) return void failing.delete(gatewayId)
    const before = failing.get(gatewayId) ?? new Map<string, FunctionHealth>()
    const passed = [...before.keys()].filter((key) => !now.has(key)).map((key): [string, FunctionHealth] => [key, { calls: 0, failed: 0 }])
    for (const [key, { calls, failed, quarantine }] of [...now, ...passed]) {
      const told = before.get(key)
      // How often a healthy function is called is nobody's news.
      if (failed === 0 && quarantine === undefined && told === undefined) continue
      if (told?.calls === calls && told.failed === failed && told.quarantine?.version === quarantine?.version) continue
      const place = toPlace(key)
      if (place)
        announce({ type: 'health', gatewayId, ...place, calls, failed, ...(quarantine ? { quarantine } : {}) }, `health/${gatewayId}/${key}`, {
          ownerId,
          gatewayId,
        })
    }
    const still = new Map([...now].filter(([, { failed, quarantine }]) => failed > 0 || quarantine !== undefined))
    if (still.size > 0) failing.set(gatewayId, still)
    else failing.delete(gatewayId)
  }
  const tellAll = async () => {
    timer = undefined
    const those = [...changed]
    changed.clear()
    for (const gatewayId of those) {
      await tellGateway(gatewayId).catch((error: unknown) => log.debug({ error, gatewayId }, 'How functions do could not be read'))
    }
  }
  const tellSoon = (gatewayId: string) => {
    changed.add(gatewayId)
    timer ??= setTimeout(() => void tellAll(), tellAfterMs)
  }

  const end = watcher.on({ scope: 'gateway', collection: '__stats' }, ({ gatewayId }) => {
    if (gatewayId !== undefined && isHeard()) tellSoon(gatewayId)
  })
  const again = setInterval(() => {
    if (isHeard()) for (const gatewayId of failing.keys()) tellSoon(gatewayId)
  }, lookAgainEveryMs)
  return {
    stop() {
      end()
      clearInterval(again)
      clearTimeout(timer)
    },
  }
}

function toPlace(key: string): { environment: EnvironmentName; functionName: string } | undefined {
  const at = key.indexOf('/')
  const environment = environmentNameSchema.safeParse(key.slice(0, at)).data
  return environment && { environment, functionName: key.slice(at + 1) }
}
