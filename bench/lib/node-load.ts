import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import * as z from 'zod'
import type { GenerateLoad } from './load.ts'

export const nodeLoadSchema = z.object({
  url: z.string(),
  body: z.string(),
  headers: z.record(z.string(), z.string()),
  connections: z.number(),
  seconds: z.number(),
})
const figuresSchema = z.object({ requests: z.number(), failed: z.number(), perSecond: z.number(), p50Us: z.number(), p99Us: z.number() })

export async function runNodeLoad(file: string, ...[target, options]: Parameters<GenerateLoad>): ReturnType<GenerateLoad> {
  const { stdout } = await promisify(execFile)(process.execPath, [file, JSON.stringify({ ...target, ...options })])
  return figuresSchema.parse(JSON.parse(stdout))
}
