import { type SpawnOptions, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

export const repository = join(import.meta.dirname, '..', '..')

/** The script behind a program that a package of ours brings, to be run by this Node: no shell, no launcher, the same on every system. */
export const programs = {
  biome: join(repository, 'node_modules/@biomejs/biome/bin/biome'),
  tsc: join(repository, 'node_modules/typescript/bin/tsc'),
} as const

export interface Outcome {
  isOk: boolean
  output: string
  tookMs: number
}

/** Runs a script on this Node and keeps its output, standard output and errors in the order of arrival. */
export async function runQuietly(script: string, args: string[], options: SpawnOptions = {}): Promise<Outcome> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [script, ...args], { cwd: repository, ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number | null>((resolve, reject) => child.once('error', reject).once('close', resolve))
  return { isOk: code === 0, output: Buffer.concat(chunks).toString(), tookMs: performance.now() - startedAt }
}

/** Runs a script on this Node in this terminal. @returns its exit code, 1 when a signal ended it */
export async function runInTerminal(script: string, args: string[], options: SpawnOptions = {}): Promise<number> {
  const child = spawn(process.execPath, [script, ...args], { cwd: repository, stdio: 'inherit', ...options })
  return await new Promise<number>((resolve, reject) => child.once('error', reject).once('close', (code) => resolve(code ?? 1)))
}

/** @throws Error naming the file when it is not in the repository */
export function fileInRepository(path: string): string {
  const file = join(repository, path)
  if (!existsSync(file)) throw new Error(`${path} is not in this repository`)
  return file
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
