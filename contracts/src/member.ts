import * as z from 'zod'

/** What a person may do in a gateway. Its owner is who made it. */
export const roles = ['owner', 'admin', 'developer', 'approver', 'viewer'] as const
export type MemberRole = (typeof roles)[number]
/** The owner's role can not be given. */
export const grantableRoleSchema = z.enum(['admin', 'developer', 'approver', 'viewer'], { error: 'Use one of admin, developer, approver, viewer.' })

const rolesThat = {
  /** Code, functions, variables, keys, deployments. */
  change: ['owner', 'admin', 'developer'],
  /** What protects: members, protection, the pipeline, the gateway's own state. */
  administer: ['owner', 'admin'],
  approve: ['owner', 'admin', 'approver'],
  delete: ['owner'],
} as const satisfies Record<string, readonly MemberRole[]>
export type Ability = keyof typeof rolesThat

/** Everybody who is a member may read. */
export const mayIn = (role: MemberRole, ability: Ability): boolean => (rolesThat[ability] as readonly MemberRole[]).includes(role)
export const rolesWith = (ability: Ability): readonly MemberRole[] => rolesThat[ability]

export const memberSchema = z
  .object({ gatewayId: z.string(), userId: z.string(), name: z.string(), role: z.enum(roles), since: z.iso.datetime() })
  .meta({ id: 'Member' })
export type Member = z.infer<typeof memberSchema>

export const putMemberSchema = z.strictObject({ role: grantableRoleSchema })
