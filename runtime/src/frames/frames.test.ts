import { strict as assert } from 'node:assert'
import { randomInt } from 'node:crypto'
import { createFrameReceiver, createFrameSender, frameBytesMax } from './frames.ts'

interface Frame {
  id: number
  kind: number
  meta: string
  body: string
}

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function givenRandom(): { below: (max: number) => number; seed: number } {
  const seed = Number(process.env.IMPRUN_TEST_SEED ?? randomInt(2 ** 31))
  let state = seed
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return { below: (max) => Math.floor(next() * max), seed }
}

function collect(): { frames: Frame[]; feed: (chunk: Buffer) => void } {
  const frames: Frame[] = []
  const feed = createFrameReceiver((id, kind, buffer, metaAt, bodyAt, end) => {
    frames.push({ id, kind, meta: buffer.toString('latin1', metaAt, bodyAt), body: buffer.toString('utf8', bodyAt, end) })
  })
  return { frames, feed }
}

describe('frames', () => {
  it('arrive whole and in order, however the bytes are split', async () => {
    const { below, seed } = givenRandom()
    for (let round = 0; round < 200; round++) {
      const sent: Frame[] = Array.from({ length: 1 + below(20) }, (_, at) => ({
        id: at,
        kind: below(2 ** 32),
        meta: 'm'.repeat(below(40)),
        body: 'é€😀x'.repeat(below(below(10) === 0 ? 5000 : 10)),
      }))
      const chunks: Uint8Array[] = []
      const { send, flush } = createFrameSender({ write: (chunk) => chunks.push(chunk) }, 1 + below(8))
      for (const { id, kind, meta, body } of sent) send(id, kind, meta, below(2) === 0 ? body : Buffer.from(body), 'utf8')
      flush()
      const bytes = Buffer.concat(chunks)
      const { frames, feed } = collect()
      for (let at = 0; at < bytes.length; ) {
        const end = Math.min(bytes.length, at + 1 + below(below(3) === 0 ? 5 : 4000))
        // The receiver may not keep what it is handed: the chunk is wiped after the call.
        const chunk = Buffer.from(bytes.subarray(at, end))
        feed(chunk)
        chunk.fill(0)
        at = end
      }
      assert.deepEqual(frames, sent, `seed ${seed}, round ${round}`)
    }
  })

  it('leave as one write at the end of the turn', async () => {
    const writes: Uint8Array[] = []
    const { send } = createFrameSender({ write: (chunk) => writes.push(chunk) })
    send(1, 1, '', 'a', 'utf8')
    send(2, 1, '', 'b', 'utf8')
    assert.equal(writes.length, 0)
    await new Promise((resolve) => setImmediate(resolve))
    assert.equal(writes.length, 1)
  })

  it('leave at once when flushed, so that nothing overtakes them', () => {
    const writes: Uint8Array[] = []
    const { send, flush } = createFrameSender({ write: (chunk) => writes.push(chunk) })
    send(1, 1, '', '', 'latin1')
    flush()
    assert.equal(writes.length, 1)
  })

  it('are refused when the other side announces an impossible length', () => {
    for (const length of [frameBytesMax + 1, 3]) {
      const head = Buffer.alloc(16)
      head.writeUInt32LE(length)
      assert.throws(() => collect().feed(head), RangeError)
    }
  })

  it('keep bytes that are no UTF-8', () => {
    const chunks: Uint8Array[] = []
    const { send, flush } = createFrameSender({ write: (chunk) => chunks.push(chunk) })
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, at) => at))
    send(1, 1, '', bytes.toString('latin1'), 'latin1')
    flush()
    let received: Buffer | undefined
    createFrameReceiver((_id, _kind, buffer, _metaAt, bodyAt, end) => {
      received = Buffer.from(buffer.subarray(bodyAt, end))
    })(Buffer.concat(chunks))
    assert.deepEqual(received, bytes)
  })
})
