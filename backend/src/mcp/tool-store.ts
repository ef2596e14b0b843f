import { type EnvironmentName, ImprunError, type PageQuery } from '@imprun/contracts'
import type { ClientSession, Filter } from 'mongodb'
import type { Database } from '../database/database.ts'
import { isDuplicateKey } from '../database/errors.ts'
import { containing, decodeCursor } from '../database/paging.ts'
import type { Caller } from '../http/handlers.ts'
import type { ReadableFilter } from '../members/member-store.ts'

export interface StoredTool {
  _id: string
  /** The gateway's. */
  ownerId: string
  gatewayId: string
  environment: EnvironmentName
  name: string
  description: string
  functionName: string
  /** JSON, because field names of a schema (`$ref`, names with dots) mean something else to MongoDB. */
  inputSchema: string
  createdAt: Date
  createdBy: Caller
}

export interface ToolStore {
  /** @throws TOOL_NAME_TAKEN */
  insert(tool: StoredTool): Promise<void>
  /** @throws TOOL_NOT_FOUND */
  remove(toolId: string): Promise<StoredTool>
  findById(toolId: string): Promise<StoredTool | undefined>
  /** Those of gateways that may be read, by name; one more than the limit when there is a next page. */
  list(readable: ReadableFilter, query: PageQuery & { gatewayId?: string | undefined }): Promise<StoredTool[]>
  /** Everything one MCP endpoint offers, by name. */
  listOf(gatewayId: string, environment: EnvironmentName): Promise<StoredTool[]>
  /** In every environment. */
  removeOfFunction(gatewayId: string, functionName: string, session: ClientSession): Promise<void>
  removeAll(gatewayId: string): Promise<void>
}

const nameTaken = ({ name, gatewayId, environment }: StoredTool) =>
  new ImprunError('TOOL_NAME_TAKEN', `${gatewayId}/${environment} already offers a tool "${name}". Choose another name, or withdraw that one first.`, {
    errors: [{ field: 'name', message: 'This name is taken.' }],
  })

export const toolNotFound = (toolId: string) => new ImprunError('TOOL_NOT_FOUND', `There is no tool ${toolId}.`)

/** The names of two environments may be equal, so a place in the list is name and id. */
export const toolCursorKey = ({ name, _id }: StoredTool): string => `${name}/${_id}`

function afterCursor(key: string): Filter<StoredTool> {
  const [name = '', id = ''] = key.split('/')
  return { $or: [{ name: { $gt: name } }, { name, _id: { $gt: id } }] }
}

export function createToolStore(database: Database): ToolStore {
  const tools = database.sys.collection<StoredTool>('mcpTools')
  return {
    async insert(tool) {
      try {
        await tools.insertOne(tool)
      } catch (error) {
        throw isDuplicateKey(error) ? nameTaken(tool) : error
      }
    },
    async remove(toolId) {
      const removed = await tools.findOneAndDelete({ _id: toolId })
      if (!removed) throw toolNotFound(toolId)
      return removed
    },
    findById: async (toolId) => (await tools.findOne({ _id: toolId })) ?? undefined,
    list(readable, { limit, cursor, filter, gatewayId }) {
      const conditions: Filter<StoredTool>[] = [readable]
      if (gatewayId) conditions.push({ gatewayId })
      if (filter) conditions.push({ name: containing(filter) })
      if (cursor) conditions.push(afterCursor(decodeCursor(cursor)))
      return tools
        .find({ $and: conditions })
        .sort({ name: 1, _id: 1 })
        .limit(limit + 1)
        .toArray()
    },
    listOf: (gatewayId, environment) => tools.find({ gatewayId, environment }).sort({ name: 1 }).toArray(),
    async removeOfFunction(gatewayId, functionName, session) {
      await tools.deleteMany({ gatewayId, functionName }, { session })
    },
    async removeAll(gatewayId) {
      await tools.deleteMany({ gatewayId })
    },
  }
}
