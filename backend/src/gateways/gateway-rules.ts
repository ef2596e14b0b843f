import { randomInt } from 'node:crypto'
import { gatewayIdLengthMax, gatewayIdSchema, slugify } from '@imprun/contracts'
import { gatewayNameNotUsable } from './gateway-errors.ts'

const letters = 'abcdefghijkmnpqrstuvwxyz23456789'
const randomText = (length: number) => Array.from({ length }, () => letters[randomInt(letters.length)]).join('')

/**
 * The id for a gateway of this name. A name of which nothing can be kept (all in Korean, say) gets a random one.
 * @throws INPUT_INVALID when what is left of the name is reserved.
 */
export function gatewayIdFromName(name: string): string {
  const slug = slugify(name)
  if (slug.length < 2) return `gateway-${randomText(6)}`
  const parsed = gatewayIdSchema.safeParse(slug)
  if (!parsed.success) throw gatewayNameNotUsable(`"${slug}": ${parsed.error.issues[0]?.message ?? 'it is not usable.'}`)
  return slug
}

/** The first of `<id>-2`, `<id>-3`, ... that is not among `taken`, cut to the longest allowed id. */
export function suggestGatewayId(gatewayId: string, taken: ReadonlySet<string>): string {
  for (let number = 2; ; number++) {
    const ending = `-${number}`
    const suggestion = gatewayId.slice(0, gatewayIdLengthMax - ending.length).replace(/-+$/, '') + ending
    if (!taken.has(suggestion)) return suggestion
  }
}
