import * as z from 'zod'
import { bellAddressSchema } from './bell-message.ts'
import { environmentNameSchema } from './names.ts'

/**
 * What the backend's process driver and a runtime say to each other over the control socket: JSON lines, one object per line, UTF-8.
 * The runtime listens on a unix socket (mode 0600); the driver connects, says `hello` with the runtime's token, then `sync`, and again after every
 * reconnect. `sync` names the whole truth: an environment that is not in it is let go. Each is answered once the runtime serves accordingly.
 */
export const assignmentSchema = z.object({
  gatewayId: z.string(),
  environment: environmentNameSchema,
  /** Rises with every holder of the environment's claim; a message with a lower fence than the last one seen is refused. */
  fence: z.number().int(),
  /** Hosts without port that mean this environment, lower case. */
  hosts: z.array(z.string()),
  /** `gatewayid_<id>`: where the front reads `__*`. */
  gatewayDatabase: z.string(),
  /** The environment's own data, and the MongoDB user that reaches nothing else. Only ever handed to its worker. */
  dataDatabase: z.string(),
  dataUri: z.string(),
  /** By key id, 32 bytes in hex: what opens the gateway's secret variables. */
  variablesKeys: z.record(z.string(), z.string()).optional(),
  /** What the environment's worker may use. Absent: as much as its settings say. */
  bundle: z.object({ memoryMb: z.number().int().positive(), cpuMillicores: z.number().int().positive() }).optional(),
})
export type Assignment = z.infer<typeof assignmentSchema>

export const controlRequestSchema = z.discriminatedUnion('type', [
  /** `bell`: where the backend rings, for a runtime that hears by hub. */
  z.object({ type: z.literal('hello'), id: z.number().int(), token: z.string(), bell: bellAddressSchema.optional() }),
  z.object({ type: z.literal('sync'), id: z.number().int(), assignments: z.array(assignmentSchema) }),
  z.object({ type: z.literal('assign'), id: z.number().int(), assignment: assignmentSchema }),
  z.object({ type: z.literal('unassign'), id: z.number().int(), gatewayId: z.string(), environment: environmentNameSchema, fence: z.number().int() }),
  z.object({ type: z.literal('ping'), id: z.number().int() }),
  /** Stop accepting, finish what runs, leave. Answered before leaving. */
  z.object({ type: z.literal('stop'), id: z.number().int() }),
])
export type ControlRequest = z.infer<typeof controlRequestSchema>

export const controlReplySchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('done'), id: z.number().int(), runtimeId: z.string(), pid: z.number().int(), port: z.number().int() }),
  z.object({ type: z.literal('refused'), id: z.number().int(), code: z.string(), message: z.string() }),
])
export type ControlReply = z.infer<typeof controlReplySchema>
