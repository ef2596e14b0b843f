import type { EnvironmentName } from '@imprun/contracts'
import type { Tool } from '@modelcontextprotocol/server'
import type { Watcher } from '../database/watcher.ts'
import { compileInputSchema, type Validate } from './tool-rules.ts'
import type { StoredTool, ToolStore } from './tool-store.ts'
import { parseInputSchema } from './tool-view.ts'

export interface OfferedTool {
  functionName: string
  /** Compiled when the tool is first called. */
  validate: Validate
}

/** What one MCP endpoint offers. */
export interface Toolset {
  /** In the order of names, the same on every call. */
  listed: Tool[]
  byName: ReadonlyMap<string, OfferedTool>
}

/** Keeps what endpoints offer in memory, as long as nothing changes: a request registers nothing. */
export interface Toolsets {
  get(gatewayId: string, environment: EnvironmentName): Promise<Toolset>
  forget(gatewayId: string, environment: EnvironmentName): void
  stop(): void
}

const toolsetsMax = 500

export function createToolsets({ tools, watcher }: { tools: ToolStore; watcher: Watcher }): Toolsets {
  const kept = new Map<string, Promise<Toolset>>()
  const keyOf = (gatewayId: string, environment: string) => `${gatewayId}/${environment}`
  const forgetAll = () => kept.clear()

  const ends = [
    watcher.on({ scope: 'sys', collection: 'mcpTools' }, ({ document }) => {
      const { gatewayId, environment } = document ?? {}
      // What a deleted tool belonged to is not told any more.
      if (typeof gatewayId === 'string' && typeof environment === 'string') kept.delete(keyOf(gatewayId, environment))
      else forgetAll()
    }),
    watcher.onGap(forgetAll),
  ]

  const load = async (gatewayId: string, environment: EnvironmentName) => toToolset(await tools.listOf(gatewayId, environment))

  return {
    get(gatewayId, environment) {
      const key = keyOf(gatewayId, environment)
      // A change while this loads takes it out of the map, and the next caller loads again.
      const loading = kept.get(key) ?? load(gatewayId, environment)
      kept.delete(key)
      kept.set(key, loading)
      loading.catch(() => {
        if (kept.get(key) === loading) kept.delete(key)
      })
      if (kept.size > toolsetsMax) kept.delete(kept.keys().next().value as string)
      return loading
    },
    forget: (gatewayId, environment) => void kept.delete(keyOf(gatewayId, environment)),
    stop() {
      for (const end of ends) end()
      forgetAll()
    },
  }
}

function toToolset(stored: readonly StoredTool[]): Toolset {
  return {
    listed: stored.map((tool) => ({ name: tool.name, description: tool.description, inputSchema: parseInputSchema(tool) as Tool['inputSchema'] })),
    byName: new Map(stored.map((tool) => [tool.name, { functionName: tool.functionName, validate: compileLater(tool) }])),
  }
}

function compileLater(tool: StoredTool): Validate {
  let compiled: Validate | undefined
  return (input) => {
    compiled ??= compileInputSchema(parseInputSchema(tool))
    return compiled(input)
  }
}
