/** One function of an author who means harm, or has a very bad day. */
export interface HostileCase {
  title: string
  /** The function's file. */
  code: string
  /** JSON, if the function asks for a body. */
  body?: string
  /** What its caller may get; 0 for an answer that is cut off. */
  statuses: readonly number[]
  /** What the answer has to look like when it is 200. */
  answer?: RegExp
  /** Nothing inside the process stops it: the process is killed from outside, and its environment goes on with another. */
  losesWorker?: true
  /** 2000 unless given. */
  timeoutMs?: number
}

export const handler = (source: string): string => `export default async (req, res) => { ${source} }`

export const stopped = [504]
export const failed = [500]
/** It answered something that cannot be sent. */
export const unanswerable = [502]
/** Its memory or its time ran out, whichever came first; or the process went before the limit inside it. */
export const exhausted = [500, 502, 504]
