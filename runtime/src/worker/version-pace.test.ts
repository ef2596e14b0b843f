import { strict as assert } from 'node:assert'
import { MessageChannel } from 'node:worker_threads'
import { PacedEntries } from './paced-entries.ts'
import { stopsApartMsMax, VersionPace } from './version-pace.ts'

describe('the pace of a version', () => {
  it('lets one stop within a minute pass, and no more', () => {
    let nowMs = 1_000
    const tooManyAtMs: number[] = []
    const pace = new VersionPace(
      new PacedEntries(() => undefined),
      () => tooManyAtMs.push(nowMs),
      () => nowMs,
    )
    for (const atMs of [1_000, 1_000 + stopsApartMsMax, 2_000 + stopsApartMsMax, 3_000 + stopsApartMsMax]) {
      nowMs = atMs
      pace.onStopped()
    }
    assert.deepEqual(tooManyAtMs, [2_000 + stopsApartMsMax, 3_000 + stopsApartMsMax])
  })
  it('is slow for a minute after a stop', () => {
    let nowMs = 0
    const pace = new VersionPace(
      new PacedEntries(() => undefined),
      () => undefined,
      () => nowMs,
    )
    const before = pace.isPaced
    pace.onStopped()
    const after = pace.isPaced
    nowMs = stopsApartMsMax
    assert.deepEqual([before, after, pace.isPaced], [false, true, false])
  })
  it('takes entries in their order, each after the loop has looked for what comes in, and after what waits to be sent', async () => {
    const happened: string[] = []
    const entries = new PacedEntries(() => happened.push('flush'))
    const { port1, port2 } = new MessageChannel()
    port1.on('message', () => {
      happened.push('frame')
      port2.postMessage('')
    })
    port2.postMessage('')
    await new Promise<void>((resolve) => {
      entries.add(() => {
        happened.push('first')
        entries.add(() => {
          happened.push('third')
          resolve()
        })
      })
      entries.add(() => happened.push('second'))
    })
    port1.close()
    const order = happened.filter((each, at) => each !== 'frame' || happened[at - 1] !== 'frame')
    assert.deepEqual(order, ['frame', 'flush', 'first', 'frame', 'flush', 'second', 'frame', 'flush', 'third'])
  })
})
