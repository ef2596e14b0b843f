import * as z from 'zod'
import { environmentNameSchema } from './names.ts'

/** What a notifier can be told of. The first part names the noun. */
export const notificationTypes = [
  'deployment.started',
  'deployment.succeeded',
  'deployment.failed',
  'deployment.rolled_back',
  'deployment.superseded',
  'approval.requested',
  'gateway.stalled',
  'environment.stalled',
  'environment.drifted',
] as const
export type NotificationType = (typeof notificationTypes)[number]
/** What nobody wants to miss; successes are told on request. */
export const notificationTypesDefault: readonly NotificationType[] = [
  'deployment.failed',
  'deployment.rolled_back',
  'approval.requested',
  'gateway.stalled',
  'environment.stalled',
  'environment.drifted',
]

const uniqueList = <Item extends z.ZodType>(item: Item, max: number) =>
  z
    .array(item)
    .min(1, 'Name at least one, or leave the field out for all.')
    .max(max)
    .transform((items) => [...new Set(items)])

/** What a notifier tells of. A rule that is absent lets everything through. */
export const notificationRulesSchema = z.strictObject({
  types: uniqueList(z.enum(notificationTypes), notificationTypes.length).default([...notificationTypesDefault]),
  environments: uniqueList(environmentNameSchema, 3).optional(),
  /** Names of functions; `orders/*` is every function of a folder. What is about no function is told all the same. */
  functions: uniqueList(z.string().trim().min(1).max(200), 100).optional(),
})
export type NotificationRules = z.infer<typeof notificationRulesSchema>

const httpUrl = z
  .url({ protocol: /^https?$/, error: 'Use a URL that begins with https:// (or http://).' })
  .max(2000)
  .refine((text) => !URL.parse(text)?.username && !URL.parse(text)?.password, 'Leave user name and password out of the URL.')

/** Where to: each kind has its own service's settings. Tokens and addresses that let anyone write are kept sealed and never shown again. */
export const notifierTargetSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('telegram'),
    botToken: z
      .string()
      .trim()
      .regex(/^\d{3,20}:[\w-]{20,100}$/, 'Use the token that BotFather gave, for example "123456:ABC-DEF…".'),
    /** A chat's number, negative for groups, or `@channel`. */
    chatId: z
      .string()
      .trim()
      .regex(/^(?:-?\d{1,20}|@\w{4,64})$/, 'Use the number of the chat, or @channel.'),
  }),
  /** An incoming webhook of Slack, or of anything that takes its format. */
  z.strictObject({ kind: z.literal('slack'), url: httpUrl }),
  /** Signed as Standard Webhooks describes (https://www.standardwebhooks.com); without a secret one is made. */
  z.strictObject({
    kind: z.literal('webhook'),
    url: httpUrl,
    secret: z
      .string()
      .regex(/^whsec_[A-Za-z0-9+/]{32,100}={0,2}$/, 'Use "whsec_" and the base64 of 24 to 64 random bytes, or leave it out.')
      .optional(),
  }),
])
export type NotifierTarget = z.infer<typeof notifierTargetSchema>

const notifierNameSchema = z.string().trim().min(1, 'A notifier needs a name.').max(80)

export const createNotifierSchema = z.strictObject({
  name: notifierNameSchema,
  target: notifierTargetSchema,
  rules: notificationRulesSchema.prefault({}),
})
export const patchNotifierSchema = z
  .strictObject({
    name: notifierNameSchema.optional(),
    target: notifierTargetSchema.optional(),
    rules: notificationRulesSchema.optional(),
    isPaused: z.boolean().optional(),
  })
  .refine((patch) => Object.keys(patch).length > 0, 'Give at least one of name, target, rules and isPaused.')

export const notificationStates = ['due', 'delivered', 'given-up'] as const

export const notifierSchema = z
  .object({
    notifierId: z.string(),
    gatewayId: z.string(),
    name: z.string(),
    kind: z.enum(['telegram', 'slack', 'webhook']),
    /** Where to, without what is secret in it. */
    destination: z.string(),
    rules: notificationRulesSchema,
    isPaused: z.boolean(),
    /** How the newest attempt went. */
    lastAttempt: z.object({ at: z.iso.datetime(), isDelivered: z.boolean(), detail: z.string() }).optional(),
    createdAt: z.iso.datetime(),
    createdBy: z.string(),
  })
  .meta({ id: 'Notifier' })
export type Notifier = z.infer<typeof notifierSchema>

/** A new webhook's secret is in this answer only. */
export const newNotifierSchema = notifierSchema.extend({ secret: z.string().optional() }).meta({ id: 'NewNotifier' })

/** One thing that happened; what a webhook's body holds. The same `id` may arrive twice, never with another meaning. */
export const notificationEventSchema = z.object({
  id: z.string(),
  type: z.enum([...notificationTypes, 'test']),
  /** When it happened. */
  timestamp: z.iso.datetime(),
  data: z.object({
    gatewayId: z.string(),
    environment: environmentNameSchema.optional(),
    functionName: z.string().optional(),
    deploymentId: z.string().optional(),
    version: z.string().optional(),
    by: z.string().optional(),
    reason: z.string().optional(),
    /** One line for people. */
    message: z.string(),
  }),
})
export type NotificationEvent = z.infer<typeof notificationEventSchema>

/** One event on its way to one notifier. */
export const notificationSchema = z
  .object({
    notificationId: z.string(),
    notifierId: z.string(),
    event: notificationEventSchema,
    state: z.enum(notificationStates),
    attempts: z.number().int(),
    lastError: z.string().optional(),
    nextAttemptAt: z.iso.datetime().optional(),
    createdAt: z.iso.datetime(),
  })
  .meta({ id: 'Notification' })
export type Notification = z.infer<typeof notificationSchema>
