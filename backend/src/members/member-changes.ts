import type { Watcher } from '../database/watcher.ts'
import { userIdOfMember } from './member-store.ts'

/**
 * Tells of everybody who was let in, taken out or given another role; without a user where changes may have been missed, and it may be anybody.
 * @returns what ends it
 */
export function onMemberChange(watcher: Pick<Watcher, 'on' | 'onGap'>, listener: (userId: string | undefined) => void): () => void {
  const ends = [watcher.on({ scope: 'sys', collection: 'members' }, ({ id }) => listener(userIdOfMember(id))), watcher.onGap(() => listener(undefined))]
  return () => {
    for (const end of ends) end()
  }
}
