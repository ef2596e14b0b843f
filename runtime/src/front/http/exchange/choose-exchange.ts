import type { Log } from '../../../platform/log.ts'
import type { ExchangeClasses } from './exchange.ts'
import { lightExchange } from './light-exchange.ts'
import { nodeExchange } from './node-exchange.ts'
import { tryExchange } from './trial.ts'

/** `auto`: the light classes where this version of Node works with them, else node's own. `node`: node's own in any case. */
export const httpClassesWishes = ['auto', 'node'] as const
export type HttpClassesWish = (typeof httpClassesWishes)[number]

/** The light classes lean on what Node does inside, so they are tried before they are used: an update of Node costs speed at worst. */
export function chooseExchange(wish: HttpClassesWish, log: Log, light: ExchangeClasses = lightExchange): ExchangeClasses {
  if (wish === 'node') return nodeExchange
  const fault = tryExchange(light)
  if (fault === undefined) return light
  log.warn({ fault, node: process.version }, "The light HTTP classes do not fit this version of Node; requests take node's own, which are slower.")
  return nodeExchange
}
