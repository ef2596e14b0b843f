import { strict as assert } from 'node:assert'
import type { ImprunEvent } from '@imprun/contracts'
import type { Change, Watcher } from '../database/watcher.ts'
import { silentLog } from '../platform/log.ts'
import { createEventSource, type EventViews } from './event-source.ts'

/** Documents that are versions only, and reads that end when the test says so. */
function givenSource() {
  const listeners = new Map<string, (change: Change) => void>()
  let onGap = () => {}
  const watcher: Pick<Watcher, 'on' | 'onGap'> = {
    on(filter, listener) {
      listeners.set(filter.collection, listener)
      return () => {}
    },
    onGap(listener) {
      onGap = listener
      return () => {}
    },
  }
  const reads: { id: string; finish(view: object | undefined): void }[] = []
  const read = (id: string) => new Promise<never>((resolve) => reads.push({ id, finish: (view) => resolve(view as never) }))
  const views = { gateway: read, function: read, deployment: read, application: read, tool: read, log: () => ({}) } as unknown as EventViews
  const source = createEventSource({ watcher: watcher as Watcher, views, log: silentLog })
  const seen: ImprunEvent[] = []
  let gapsCount = 0
  source.listen({ onEvent: (event) => void seen.push(event), onGap: () => void gapsCount++ })
  return {
    reads,
    seen,
    gapsCount: () => gapsCount,
    gap: () => onGap(),
    change: (collection: string, id: string, operation: Change['operation'] = 'update') =>
      listeners.get(collection)?.({ scope: 'sys', collection, operation, id, place: '' }),
  }
}
const settled = () => new Promise((resolve) => setImmediate(resolve))
const version = (revision: number) => ({ ownerId: 'ada', function: { functionId: 'f', gatewayId: 'g', revision } })

describe('event source', () => {
  it('reads a document once for many changes, and never two at a time, so it never goes backwards', async () => {
    const { change, reads, seen } = givenSource()
    change('functions', 'f')
    change('functions', 'f')
    change('functions', 'f')
    assert.equal(reads.length, 1)
    reads[0]?.finish(version(1))
    await settled()
    assert.equal(reads.length, 2)
    reads[1]?.finish(version(3))
    await settled()
    assert.equal(reads.length, 2)
    assert.deepEqual(
      seen.map((event) => (event as { function: { revision: number } }).function.revision),
      [1, 3],
    )
  })

  it('tells that a document is gone when its owner is known, and else that everyone should read again', async () => {
    const { change, reads, seen, gapsCount } = givenSource()
    change('functions', 'f')
    reads[0]?.finish(version(1))
    await settled()
    change('functions', 'f', 'delete')
    reads[1]?.finish(undefined)
    await settled()
    assert.deepEqual(seen.at(-1), { type: 'functionGone', gatewayId: 'g', functionId: 'f' })
    assert.equal(gapsCount(), 0)
    change('functions', 'never-seen', 'delete')
    reads[2]?.finish(undefined)
    await settled()
    assert.equal(gapsCount(), 1)
  })

  it('passes on that changes may have been missed', () => {
    const { gap, gapsCount } = givenSource()
    gap()
    assert.equal(gapsCount(), 1)
  })
})
