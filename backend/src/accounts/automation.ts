import { ImprunError } from '@imprun/contracts'
import type { Caller } from '../http/handlers.ts'

/** What only a person may do, whatever rights the person has whose token it is. @param toDo as in "may not ...". @throws FORBIDDEN */
export function refuseAutomation({ isAutomation }: Caller, toDo: string): void {
  if (isAutomation) throw new ImprunError('FORBIDDEN', `A service token may not ${toDo}. Sign in as a person.`)
}
