import { strict as assert } from 'node:assert'
import type { WorkerUnderTest } from './given-worker.ts'

/** Evaluates each expression in a function and in this process, and compares what they come to as JSON. */
export async function assertSameInNode(worker: WorkerUnderTest, expressions: readonly string[]): Promise<void> {
  for (const expression of expressions) {
    const call = await worker.given(`export default async () => ({ value: ${expression} })`)
    const expected: unknown = await (new Function(`return (async () => ({ value: ${expression} }))()`)() as Promise<unknown>)
    assert.deepEqual(JSON.parse((await call()).text), JSON.parse(JSON.stringify(expected)), expression)
  }
}
