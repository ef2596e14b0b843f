import type { Page, PageQuery } from '@imprun/contracts'
import type { Collection, Filter, WithId } from 'mongodb'

/** A cursor is the sort key of the last item of a page; opaque to callers, so that the key may change. */
export const encodeCursor = (key: string): string => Buffer.from(key, 'utf8').toString('base64url')
export const decodeCursor = (cursor: string): string => Buffer.from(cursor, 'base64url').toString('utf8')

interface Named {
  _id: string
  name: string
}
/** Of a list by name whose names may be equal. */
export const nameCursorKey = ({ name, _id }: Named): string => JSON.stringify([name, _id])

/** A MongoDB condition: behind the cursor in a list sorted by name and id. */
export function afterNameCursor(cursor: string | undefined): Filter<Named> {
  if (cursor === undefined) return {}
  try {
    const [name, id] = JSON.parse(decodeCursor(cursor)) as unknown[]
    return { $or: [{ name: { $gt: String(name) } }, { name: String(name), _id: { $gt: String(id) } }] }
  } catch {
    // A cursor of somebody's own making: the list from its beginning answers it as well as anything.
    return {}
  }
}

/** What all of the conditions hold of, newest first by ids that rise with time; one more than the limit when there is a next page. */
export const findNewestPage = <Stored extends { _id: string }>(
  collection: Collection<Stored>,
  conditions: readonly Filter<Stored>[],
  { limit, cursor }: Pick<PageQuery, 'limit' | 'cursor'>,
): Promise<WithId<Stored>[]> =>
  collection
    .find({ $and: [...conditions, ...(cursor === undefined ? [] : [{ _id: { $lt: decodeCursor(cursor) } }])] } as Filter<Stored>)
    .sort({ _id: -1 })
    .limit(limit + 1)
    .toArray()

/** @param rows one more than `limit` when there is a next page. */
export function toPage<Row, Item>(rows: readonly Row[], limit: number, keyOf: (row: Row) => string, toItem: (row: Row) => Item): Page<Item> {
  const items = rows.slice(0, limit)
  const last = items.at(-1)
  return { items: items.map(toItem), ...(rows.length > limit && last !== undefined ? { nextCursor: encodeCursor(keyOf(last)) } : {}) }
}

/** A MongoDB condition: contains the text, letter case aside. */
export const containing = (text: string) => ({ $regex: text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'), $options: 'i' })
