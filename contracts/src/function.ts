import * as z from 'zod'
import { canaryWishSchema, healthCheckWishSchema } from './canary.ts'
import { deploymentSchema } from './deployment.ts'
import { inputFaultSchema } from './errors.ts'
import { functionHealthSchema } from './health.ts'
import { httpMethods } from './http-methods.ts'
import { environmentNameSchema, functionKinds, functionNameSchema } from './names.ts'
import { bumps, releaseNotesSchema } from './release.ts'
import { scheduleSchema } from './schedule.ts'

export const codeBytesMax = 512 * 1024
export const methodsSchema = z.array(z.enum(httpMethods)).min(1).max(httpMethods.length)

export const functionLimitsSchema = z.object({
  timeoutMs: z.number().int().min(50).max(300_000).optional(),
  concurrency: z.number().int().min(1).max(1000).optional(),
  bodyBytesMax: z
    .number()
    .int()
    .min(0)
    .max(100 * 1024 * 1024)
    .optional(),
  /** Gives the function a heap of its own, so that it runs out of memory alone. */
  memoryMb: z.number().int().min(16).max(4096).optional(),
  responseBytesMax: z
    .number()
    .int()
    .min(1024)
    .max(1024 * 1024 * 1024)
    .optional(),
})
export type FunctionLimits = z.infer<typeof functionLimitsSchema>

/** `code` is checked by bytes in the rules of functions, so that the refusal is CODE_TOO_LARGE and not a schema fault. */
const codeSchema = z.string()

/** What one environment serves of a function. */
export const servedSchema = z.object({
  environment: environmentNameSchema,
  releaseId: z.string(),
  version: z.string(),
  revision: z.number().int(),
  deploymentId: z.string(),
  /** From request received to served by every live runtime, in milliseconds. */
  liveMs: z.number().optional(),
  at: z.iso.datetime(),
  by: z.string(),
  /** Where the release runs by itself. */
  schedule: scheduleSchema.optional(),
  /** Absent when it was not called in the last minutes. */
  health: functionHealthSchema.optional(),
})
export type Served = z.infer<typeof servedSchema>

export const functionSchema = z
  .object({
    functionId: z.string(),
    gatewayId: z.string(),
    name: z.string(),
    /** By its name: a module is imported by others and never published; middleware runs before the functions of its folder. */
    kind: z.enum(functionKinds),
    /** Rises by one with every save; sent back as `baseRevision`. */
    revision: z.number().int(),
    code: z.string().optional(),
    methods: methodsSchema.optional(),
    limits: functionLimitsSchema,
    /** Newest first by environment order: what dev, staging and prod serve. */
    served: z.array(servedSchema),
    /** False when the saved code, or that of a file it imports, differs from what dev serves; of a module, when dev serves an older text of it inside others. */
    isLiveInDev: z.boolean(),
    updatedAt: z.iso.datetime(),
    updatedBy: z.string(),
  })
  .meta({ id: 'Function' })
export type ImprunFunction = z.infer<typeof functionSchema>

export const createFunctionSchema = z.strictObject({
  name: functionNameSchema,
  code: codeSchema,
  methods: methodsSchema.optional(),
  limits: functionLimitsSchema.default({}),
})
export type CreateFunction = z.infer<typeof createFunctionSchema>

export const saveFunctionSchema = z.strictObject({
  code: codeSchema,
  /** The revision the author started from. Absent: overwrite whatever is there (audited as forced). */
  baseRevision: z.number().int().nonnegative().optional(),
  /** Overwrite although somebody else has saved since `baseRevision`; audited. */
  force: z.boolean().optional(),
  methods: methodsSchema.optional(),
  limits: functionLimitsSchema.optional(),
})
export type SaveFunction = z.infer<typeof saveFunctionSchema>

/** Answered 202 once the release serves its first callers. */
const gradually = { canary: canaryWishSchema.optional(), healthCheck: healthCheckWishSchema.optional() }
const isOneWay = ({ canary, healthCheck }: { canary?: unknown; healthCheck?: unknown }) => canary === undefined || healthCheck === undefined
const oneWayText = 'Choose either canary or healthCheck.'

export const publishFunctionSchema = z
  .strictObject({
    environment: environmentNameSchema,
    /** Which part of the version rises; given, a release is made even of what has one already. Absent: patch, and only for what is new. */
    bump: z.enum(bumps).optional(),
    notes: releaseNotesSchema.optional(),
    ...gradually,
  })
  .refine(isOneWay, oneWayText)
export const promoteFunctionSchema = z.strictObject({ from: environmentNameSchema, to: environmentNameSchema, ...gradually }).refine(isOneWay, oneWayText)
export const deployToStageSchema = z.strictObject({ targetStage: environmentNameSchema })

const refusalSchema = z.object({ code: z.string(), detail: z.string(), errors: z.array(inputFaultSchema) })

/** What became of a function of dev that imports what was saved. A refusal leaves it as it was. */
export const republishedSchema = z.object({ functionName: z.string(), deployment: deploymentSchema.optional(), refusal: refusalSchema.optional() })
export type Republished = z.infer<typeof republishedSchema>

/** The answer of a save that publishes: the function, and how the deployment went. A refusal keeps the save and tells why it is not live. */
export const savedFunctionSchema = z
  .object({
    function: functionSchema,
    deployment: deploymentSchema.optional(),
    refusal: refusalSchema.optional(),
    /** Functions of dev that import this one, directly or through others, and were published again with it. */
    republished: z.array(republishedSchema).optional(),
  })
  .meta({ id: 'SavedFunction' })
export type SavedFunction = z.infer<typeof savedFunctionSchema>
