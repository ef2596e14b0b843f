import { once } from '../once.ts'
import type * as DataApi from './data-api.ts'

// The bundler keeps what is required as a function until it is called.
declare const require: (name: string) => unknown

/** What a function needs to use MongoDB: a third of a context's memory, and most functions never ask for it. */
export const data = once(() => require('./data-api.ts') as typeof DataApi)
