import type { EnvironmentName } from '@imprun/contracts'
import type { CallToolResult } from '@modelcontextprotocol/server'

export interface FunctionCall {
  gatewayId: string
  environment: EnvironmentName
  functionName: string
  /** The caller's key, when it showed one; passed on to the runtime, which judges it again. */
  apiKey: string | undefined
  input: Record<string, unknown>
  /** Fires when the agent hangs up or gives up the call: the function's run is ended with it. */
  signal: AbortSignal
}

/** More than this is no answer that a model could read. */
const answerBytesMax = 1024 * 1024
/** Longer than any function may run; the runtime gives up first. */
const callTimeoutMs = 310_000

/** Calls a function as any consumer does, at the runtimes' own address, and tells its answer as a tool's result. Never throws for what the function did. */
export async function callFunction(edgeUrl: string | undefined, call: FunctionCall): Promise<CallToolResult> {
  if (edgeUrl === undefined) return failed('No runtime serves at the moment. Try again in a few seconds.')
  const { gatewayId, environment, functionName, apiKey, input, signal } = call
  try {
    const answer = await fetch(`${edgeUrl}/${gatewayId}/${environment}/${functionName}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', ...(apiKey === undefined ? {} : { apikey: apiKey }) },
      body: JSON.stringify(input),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(callTimeoutMs)]),
    })
    const text = await readText(answer)
    if (text === undefined) return failed(`The function's answer is longer than ${answerBytesMax} bytes.`)
    return answer.ok ? succeeded(text, answer.headers.get('content-type')) : failed(text || `The function answered with status ${answer.status}.`)
  } catch (error) {
    if (signal.aborted) throw error
    return failed('The function could not be reached. Try again in a few seconds.')
  }
}

const failed = (text: string): CallToolResult => ({ content: [{ type: 'text', text }], isError: true })

function succeeded(text: string, contentType: string | null): CallToolResult {
  const structured = /^application\/(?:[\w.-]+\+)?json\b/i.test(contentType ?? '') ? parseObject(text) : undefined
  return { content: [{ type: 'text', text }], ...(structured ? { structuredContent: structured } : {}) }
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** @returns undefined when there is more than may be read; the rest is not fetched. */
async function readText(answer: Response): Promise<string | undefined> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.byteLength
    if (bytes > answerBytesMax) return undefined
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
