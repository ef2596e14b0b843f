import { fileURLToPath } from 'node:url'
import { runNodeLoad } from './node-load.ts'
import { findWrk } from './wrk.ts'

/** What is asked again and again: a POST whose answer must be 200. */
export interface LoadTarget {
  url: string
  body: string
  headers: Record<string, string>
}
export interface LoadFigures {
  requests: number
  /** Not answered, or not by 200. */
  failed: number
  perSecond: number
  p50Us: number
  p99Us: number
}
/** Requests that follow each other on so many connections, from a process of their own. */
export type GenerateLoad = (target: LoadTarget, options: { connections: number; seconds: number }) => Promise<LoadFigures>

/** wrk where it can be had, else a generator on Node's sockets. Says which on standard output: figures of the two do not compare. */
export async function findLoadGenerator(): Promise<GenerateLoad> {
  const wrk = await findWrk()
  console.log(`load generator: ${wrk === undefined ? 'node (wrk can not be had here)' : 'wrk'}`)
  return wrk ?? ((target, options) => runNodeLoad(fileURLToPath(new URL('./node-load-process.ts', import.meta.url)), target, options))
}
