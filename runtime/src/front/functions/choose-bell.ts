import type { Bell } from './bell.ts'
import type { HubBell } from './hub-bell.ts'
import { type StreamBell, streamsWarnedAt } from './mongo-stream-bell.ts'

export const bellKinds = ['auto', 'mongo-stream', 'hub'] as const
export type BellKind = (typeof bellKinds)[number]

/**
 * `auto`: change streams for the first gateways, because they need nothing but MongoDB; past a few dozen, where each further one would slow every commit
 * down, the hub. A runtime that knows no hub goes on with streams until they are refused.
 */
export function chooseBell(kind: BellKind, stream: StreamBell, hub: HubBell): Bell {
  if (kind === 'hub') return hub
  if (kind === 'mongo-stream') return stream
  return { listen: (scope, wake) => (hub.hasAddress && stream.count >= streamsWarnedAt ? hub : stream).listen(scope, wake) }
}
