import { cloner } from '../lazy-packages.ts'
import { DOMException } from './dom-exception.ts'

/** @throws DOMException DataCloneError for functions, symbols and whatever else has no copy */
export function structuredClone(value: unknown, options?: { transfer?: readonly unknown[] }): unknown {
  if (options?.transfer !== undefined && options.transfer.length > 0)
    throw new DOMException('Nothing can be transferred here; leave it out to get a copy.', 'DataCloneError')
  try {
    const { serialize, deserialize } = cloner()
    return deserialize(serialize(value))
  } catch (error) {
    throw new DOMException(error instanceof Error ? error.message : 'The value cannot be cloned.', 'DataCloneError')
  }
}
