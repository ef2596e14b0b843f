import * as z from 'zod'
import { environmentNameSchema } from './names.ts'

/** JSON Schema of a tool's arguments; MCP asks for an object at the top. */
export const inputSchemaSchema = z.looseObject({
  type: z.literal('object'),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
})

export const toolNameSchema = z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, 'Use 1 to 64 letters, digits, "_" or "-".')

export const createToolSchema = z
  .strictObject({
    name: toolNameSchema,
    description: z.string().trim().min(1, 'Say what the tool does: an agent chooses by this text.').max(1024),
    /** Address of the function, by host or by path, as the document shows it. */
    functionUrl: z.url().optional(),
    /** Or the function by name. */
    function: z.strictObject({ gatewayId: z.string(), environment: environmentNameSchema, name: z.string() }).optional(),
    inputSchema: inputSchemaSchema.optional(),
  })
  .refine((tool) => (tool.functionUrl === undefined) !== (tool.function === undefined), { message: 'Give either functionUrl or function.', path: ['function'] })
export type CreateTool = z.infer<typeof createToolSchema>

export const toolSchema = z
  .object({
    toolId: z.string(),
    gatewayId: z.string(),
    environment: environmentNameSchema,
    name: z.string(),
    description: z.string(),
    functionName: z.string(),
    inputSchema: inputSchemaSchema,
    /** Address of the MCP endpoint that offers it. */
    mcpUrl: z.string(),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
  })
  .meta({ id: 'Tool' })
export type Tool = z.infer<typeof toolSchema>
