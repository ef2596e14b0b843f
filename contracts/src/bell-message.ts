import * as z from 'zod'
import { belledCollections } from './gateway-database/collections.ts'

/** Where a backend replica rings for runtimes that hear by hub (design: the bell). Server-Sent Events, one BellMessage as `data` of each. */
export const bellPath = '/runtime-bell'
/** How often the hub says that it lives, and how long a listener takes silence for nothing. */
export const bellBeatEveryMs = 1_000
export const bellSilentMsMax = 4_000

export const bellMessageSchema = z.discriminatedUnion('type', [
  /** Something of this gateway changed. It never says what. */
  z.object({ type: z.literal('ring'), gatewayId: z.string(), collection: z.enum(belledCollections) }),
  /**
   * The hub lives. `isLive`: it hears the database itself. `spreadMs`: after an outage listeners come back, and read everything again, within so long,
   * each at a time of its own.
   */
  z.object({ type: z.literal('beat'), isLive: z.boolean(), spreadMs: z.number().nonnegative() }),
  /** Changes may have been missed: read everything again. */
  z.object({ type: z.literal('resync'), spreadMs: z.number().nonnegative() }),
])
export type BellMessage = z.infer<typeof bellMessageSchema>

/** Where a runtime reaches its hub. The token names the gateway it hears of, `*` for all: `<scope>.<secret>`. */
export const bellAddressSchema = z.object({ url: z.string(), token: z.string() })
export type BellAddress = z.infer<typeof bellAddressSchema>
