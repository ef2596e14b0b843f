import type { Assignment, ControlRequest } from '@imprun/contracts'
import type { Front } from '../front/front.ts'

/** Which environments this runtime serves, as its driver says, guarded by fences: a driver that lost its claim changes nothing. */
export interface Assignments {
  /** The whole truth: what is not in it is let go. @throws StaleFenceError before anything is changed */
  sync(assignments: readonly Assignment[]): Promise<void>
  /** @throws StaleFenceError */
  assign(assignment: Assignment): Promise<void>
  /** @throws StaleFenceError */
  unassign(request: Pick<Extract<ControlRequest, { type: 'unassign' }>, 'gatewayId' | 'environment' | 'fence'>): Promise<void>
}

export class StaleFenceError extends Error {
  constructor(key: string, fence: number, seen: number) {
    super(`The message for ${key} carries fence ${fence}, but ${seen} was seen already: its sender no longer holds the environment.`)
    this.name = 'StaleFenceError'
  }
}

// Fences outlive their environments, so that a late message can not bring one back; the oldest are forgotten.
const fencesMax = 20_000

export function createAssignments(front: Pick<Front, 'serve' | 'letGo' | 'keys'>): Assignments {
  const fences = new Map<string, number>()
  const keyOf = ({ gatewayId, environment }: Pick<Assignment, 'gatewayId' | 'environment'>): string => `${gatewayId}/${environment}`
  const check = (key: string, fence: number): void => {
    const seen = fences.get(key)
    if (seen !== undefined && fence < seen) throw new StaleFenceError(key, fence, seen)
  }
  const remember = (key: string, fence: number): void => {
    fences.delete(key)
    fences.set(key, fence)
    if (fences.size <= fencesMax) return
    for (const oldest of fences.keys()) {
      fences.delete(oldest)
      return
    }
  }

  return {
    async sync(assignments) {
      for (const assignment of assignments) check(keyOf(assignment), assignment.fence)
      for (const assignment of assignments) remember(keyOf(assignment), assignment.fence)
      const wanted = new Set(assignments.map(keyOf))
      await Promise.all([
        ...front
          .keys()
          .filter((key) => !wanted.has(key))
          .map((key) => front.letGo(key)),
        ...assignments.map((assignment) => front.serve(assignment)),
      ])
    },
    async assign(assignment) {
      const key = keyOf(assignment)
      check(key, assignment.fence)
      remember(key, assignment.fence)
      await front.serve(assignment)
    },
    async unassign({ gatewayId, environment, fence }) {
      const key = keyOf({ gatewayId, environment })
      check(key, fence)
      remember(key, fence)
      await front.letGo(key)
    },
  }
}
