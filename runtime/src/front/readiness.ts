import type { GatewayFollower } from './functions/gateway-follower.ts'

/** Whether this runtime should get requests, and how far what it serves may be behind what was published. */
export interface Readiness {
  status: 'ready' | 'stopping'
  environments: number
  gateways: number
  /** Gateways of which changes may have passed unseen: their bell is deaf, or MongoDB cannot be read. What is known goes on serving. */
  staleGateways: number
  /** The longest of them (ISO time), and for how long. Absent, and 0, while all are current. */
  staleSince?: string
  lagMs: number
}

export function readReadiness(followers: Iterable<Pick<GatewayFollower, 'staleSinceMs'>>, environments: number, isStopping: boolean): Readiness {
  let gateways = 0
  let staleGateways = 0
  let oldestMs = Number.POSITIVE_INFINITY
  for (const follower of followers) {
    gateways += 1
    const sinceMs = follower.staleSinceMs()
    if (sinceMs === undefined) continue
    staleGateways += 1
    oldestMs = Math.min(oldestMs, sinceMs)
  }
  const lagMs = staleGateways === 0 ? 0 : Math.max(0, Math.round(performance.now() - oldestMs))
  return {
    status: isStopping ? 'stopping' : 'ready',
    environments,
    gateways,
    staleGateways,
    ...(staleGateways === 0 ? {} : { staleSince: new Date(Date.now() - lagMs).toISOString() }),
    lagMs,
  }
}
