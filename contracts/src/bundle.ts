import * as z from 'zod'

/** The runtimes that functions may ask for, by the Node.js whose language and web standards they were written for. One engine, the newest, serves them all. */
export const offeredRuntimes = ['nodejs20', 'nodejs22', 'nodejs24'] as const

const mebibytesOf = (text: string): number => Number.parseInt(text, 10) * (text.endsWith('Gi') ? 1024 : 1)
const memoryMbMin = 32
const memoryMbMax = 16 * 1024
const millicoresOf = (text: string): number => Number.parseInt(text, 10) * (text.endsWith('m') ? 1 : 1000)
const millicoresMin = 50
const millicoresMax = 64_000

const runtime = z.enum(offeredRuntimes, { error: `Use one of ${offeredRuntimes.join(', ')}.` })
const memory = z
  .string()
  .regex(/^\d{1,6}(Mi|Gi)$/, { error: 'Use a number with Mi or Gi, for example "512Mi".', abort: true })
  .refine((text) => mebibytesOf(text) >= memoryMbMin && mebibytesOf(text) <= memoryMbMax, 'Use from 32Mi to 16Gi.')
const cpu = z
  .string()
  .regex(/^\d{1,6}m?$/, { error: 'Use millicores such as "500m" or whole cores such as "1".', abort: true })
  .refine((text) => millicoresOf(text) >= millicoresMin && millicoresOf(text) <= millicoresMax, 'Use from 50m to 64 cores.')

/** What each environment of a gateway may use. */
export const bundleSchema = z.object({ runtime: runtime.default('nodejs24'), memory: memory.default('512Mi'), cpu: cpu.default('500m') })
export type Bundle = z.infer<typeof bundleSchema>

/** What is not named stays as it is. */
export const patchBundleSchema = z.strictObject({ runtime, memory, cpu }).partial()

/** @returns the bundle in units to reckon with. */
export const bundleLimitsOf = ({ memory, cpu }: Bundle): { memoryMb: number; cpuMillicores: number } => ({
  memoryMb: mebibytesOf(memory),
  cpuMillicores: millicoresOf(cpu),
})
