import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import * as z from 'zod'
import { findOnPath, installDebianPackages } from '../../scripts/lib/debian.ts'
import type { GenerateLoad } from './load.ts'

const resultSchema = z.object({ requests: z.number(), failed: z.number(), seconds: z.number(), p50Us: z.number(), p99Us: z.number() })

/** wrk, the yardstick of others' measurements: on PATH, or installed where that is possible. @returns undefined where it can not be had */
export async function findWrk(): Promise<GenerateLoad | undefined> {
  const path = findOnPath('wrk') ?? ((await installDebianPackages(['wrk'])) ? findOnPath('wrk') : undefined)
  return path === undefined ? undefined : (target, options) => runWrk(path, target, options)
}

const runWrk = async (path: string, ...[target, { connections, seconds }]: Parameters<GenerateLoad>): ReturnType<GenerateLoad> => {
  const folder = await mkdtemp(join(tmpdir(), 'imprun-wrk-'))
  try {
    const script = join(folder, 'load.lua')
    await writeFile(script, scriptOf(target))
    const args = ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '-s', script, target.url]
    const { stdout } = await promisify(execFile)(path, args)
    const { requests, failed, seconds: tookS, p50Us, p99Us } = resultSchema.parse(JSON.parse(stdout.slice(stdout.lastIndexOf('{'))))
    return { requests, failed, perSecond: requests / tookS, p50Us, p99Us }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const scriptOf = ({ body, headers }: Parameters<GenerateLoad>[0]): string => `
wrk.method = 'POST'
wrk.body = ${luaText(body)}
${Object.entries(headers)
  .map(([name, value]) => `wrk.headers[${luaText(name)}] = ${luaText(value)}`)
  .join('\n')}
done = function(summary, latency)
  local e = summary.errors
  io.write(string.format('{"requests":%d,"failed":%d,"seconds":%f,"p50Us":%f,"p99Us":%f}', summary.requests,
    e.connect + e.read + e.write + e.timeout + e.status, summary.duration / 1e6, latency:percentile(50), latency:percentile(99)))
end
`
const luaText = (text: string): string => JSON.stringify(text)
