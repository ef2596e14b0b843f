import * as z from 'zod'

export const pageLimitMax = 200
export const pageLimitDefault = 50

export const pageQuerySchema = z.object({
  limit: z.coerce.number().int().min(1).max(pageLimitMax).default(pageLimitDefault),
  /** The `nextCursor` of the page before. */
  cursor: z.string().max(400).optional(),
  /** Case-insensitive part of the name. */
  filter: z.string().max(120).optional(),
})
export type PageQuery = z.infer<typeof pageQuerySchema>

export const pageOf = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), nextCursor: z.string().optional() })
export interface Page<Item> {
  items: Item[]
  nextCursor?: string | undefined
}
