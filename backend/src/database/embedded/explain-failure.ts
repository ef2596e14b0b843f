import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { type MongodSettings, outputFileOf } from './mongod-process.ts'

const tailLinesMax = 200
const wordsMax = 1_000

interface Reason {
  pattern: RegExp
  explain(match: RegExpExecArray, settings: MongodSettings): string
}

/** What mongod says in its log, or before it has one, and what a person can do about it. The first that fits is told. */
const reasons: readonly Reason[] = [
  {
    pattern: /error while loading shared libraries: ([^:]+):|Library not loaded: (\S+)/,
    explain: (match) => `mongod needs the library ${match[1] ?? match[2]}, which is not installed (on Debian and Ubuntu: apt-get install libcurl4 libssl3).`,
  },
  {
    pattern: /Illegal instruction/i,
    explain: () => 'This processor lacks instructions (AVX) that this mongod needs. Set MONGODB_URI to a replica set on another machine.',
  },
  {
    pattern: /Address already in use/i,
    explain: () => 'The port chosen for MongoDB was taken at the same moment. Start again.',
  },
  {
    pattern: /DBPathInUse|Unable to lock the lock file|already running/i,
    explain: (_, { dataFolder }) => `Another mongod works on ${dataFolder}. Stop it, or set IMPRUN_HOME to another folder.`,
  },
  {
    pattern: /No space left on device|ENOSPC|disk is full|available disk space/i,
    explain: (_, { dataFolder }) => `The disk of ${dataFolder} is full. Free some space, or set IMPRUN_HOME to a folder on another disk.`,
  },
  {
    pattern: /Too many open files|EMFILE/i,
    explain: () => 'It may not open as many files as it needs: one for each collection and each index. Raise the limit (ulimit -n 64000) and start again.',
  },
  {
    pattern: /Permission denied|read-only directory|Operation not permitted|Read-only file system|permissions on .* are too open/i,
    explain: (_, { dataFolder, keyFile }) =>
      `mongod may not write ${dataFolder}, or ${keyFile} is readable by others. Give them to your user (key file mode 0600), or set IMPRUN_HOME to another folder.`,
  },
  {
    pattern: /featureCompatibilityVersion|UPGRADE PROBLEM|Wrong mongod version|unsupported WiredTiger file version|newer than the current version/i,
    explain: (_, { dataFolder, mongodPath }) =>
      `The data in ${dataFolder} was written by another version of MongoDB than ${mongodPath}. Put that version on PATH, or set IMPRUN_HOME to another folder.`,
  },
  {
    pattern: /WT_PANIC|corrupt|WT_ERROR: non-specific|checksum error/i,
    explain: (_, { dataFolder }) => `The data in ${dataFolder} is damaged. Restore it, or set IMPRUN_HOME to another folder to begin anew.`,
  },
]

/** @returns one sentence for people: why mongod ended, what to do, and where its log is. */
export async function explainFailure(settings: MongodSettings, end: { code: number | null; signal: string | null } | undefined): Promise<string> {
  const said = `${await tail(outputFileOf(settings))}\n${await tail(settings.logFile)}\n${end?.signal === 'SIGILL' ? 'Illegal instruction' : ''}`
  const reason = findReason(said, settings)
  if (reason) return `MongoDB cannot start: ${reason} Its log: ${settings.logFile}`
  const how = end ? (end.signal ? `it was ended by ${end.signal}` : `it ended with code ${end.code}`) : 'it does not answer'
  return `MongoDB cannot start: ${how}. Its log says why: ${settings.logFile}`
}

/** @returns why mongod died while it ran: what is known of it, else its own last words, else that it had no time to say any. */
export async function explainDeath(settings: MongodSettings): Promise<string> {
  const words = (await tail(settings.logFile)).split('\n').flatMap((line) => fatalMessage(line) ?? [])
  if (words.length === 0) return 'It was killed from outside: its log tells of no fault.'
  return findReason(words.join('\n'), settings) ?? `It said: ${words.join(' ').slice(0, wordsMax)}`
}

function findReason(said: string, settings: MongodSettings): string | undefined {
  for (const { pattern, explain } of reasons) {
    const match = pattern.exec(said)
    if (match) return explain(match, settings)
  }
  return undefined
}

const logLineSchema = z.looseObject({ s: z.literal(['F', 'E']), msg: z.string(), attr: z.unknown().optional() })

function fatalMessage(line: string): string | undefined {
  try {
    const { msg, attr } = logLineSchema.parse(JSON.parse(line))
    return attr === undefined ? msg : `${msg} ${JSON.stringify(attr)}`
  } catch {
    return undefined
  }
}

/** Only what belongs to this start: mongod marks each in its log. */
async function tail(path: string): Promise<string> {
  const text = await readFile(path, 'utf8').catch(() => '')
  const lines = text.slice(text.lastIndexOf('SERVER RESTARTED') + 1).split('\n')
  return lines.slice(-tailLinesMax).join('\n')
}
