import * as z from 'zod'
import { applicationSchema } from './application.ts'
import { deploymentSchema } from './deployment.ts'
import { functionSchema } from './function.ts'
import { gatewaySchema } from './gateway.ts'
import { functionHealthSchema } from './health.ts'
import { logEntrySchema } from './log.ts'
import { environmentNameSchema } from './names.ts'
import { toolSchema } from './tool.ts'

/** What the event stream (SSE) carries: the whole document as it is now, so a listener that missed some needs only the newest. */
export const eventSchema = z
  .discriminatedUnion('type', [
    /** First on every connection: what came before may have been missed, read the lists again. */
    z.object({ type: z.literal('hello') }),
    z.object({ type: z.literal('gateway'), gateway: gatewaySchema }),
    z.object({ type: z.literal('gatewayGone'), gatewayId: z.string() }),
    z.object({ type: z.literal('function'), function: functionSchema }),
    z.object({ type: z.literal('functionGone'), gatewayId: z.string(), functionId: z.string() }),
    z.object({ type: z.literal('deployment'), deployment: deploymentSchema }),
    z.object({ type: z.literal('application'), application: applicationSchema }),
    z.object({ type: z.literal('tool'), tool: toolSchema }),
    z.object({ type: z.literal('toolGone'), gatewayId: z.string(), toolId: z.string() }),
    z.object({ type: z.literal('log'), log: logEntrySchema }),
    /** How a function did in the last minutes; told while it fails, and once when it does no longer. */
    functionHealthSchema.extend({ type: z.literal('health'), gatewayId: z.string(), environment: environmentNameSchema, functionName: z.string() }),
  ])
  .meta({ id: 'Event' })
export type ImprunEvent = z.infer<typeof eventSchema>
