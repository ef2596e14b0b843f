import { strict as assert } from 'node:assert'
import { EventEmitter } from 'node:events'
import type { ImprunEvent } from '@imprun/contracts'
import type { Response } from 'express'
import { openEventStream } from './event-stream.ts'

/** The part of a response that a stream uses; full when told so. */
function givenClient() {
  const sent: ImprunEvent[] = []
  let isFull = false
  const response = Object.assign(new EventEmitter(), {
    writeHead: () => {},
    write(text: string) {
      if (text.startsWith('data: ')) sent.push(JSON.parse(text.slice(6)))
      return !isFull
    },
    end: () => void response.emit('close'),
  })
  const stream = openEventStream(response as unknown as Response)
  return {
    sent,
    stream,
    stopsReading: () => {
      isFull = true
    },
    reads() {
      isFull = false
      response.emit('drain')
    },
    async [Symbol.asyncDispose]() {
      stream.end()
      await stream.ended
    },
  }
}
const gone = (gatewayId: string): ImprunEvent => ({ type: 'gatewayGone', gatewayId })

describe('event stream', () => {
  it('keeps the newest event of each document for a client that does not read, in the order of their last change', async () => {
    await using given = givenClient()
    given.stopsReading()
    given.stream.send(gone('first'), 'a')
    given.stream.send(gone('older'), 'a')
    given.stream.send(gone('other'), 'b')
    given.stream.send(gone('newest'), 'a')
    assert.deepEqual(given.sent, [gone('first')])
    given.reads()
    assert.deepEqual(given.sent, [gone('first'), gone('other'), gone('newest')])
  })

  it('tells a client that is too far behind to read again, and goes on from there', async () => {
    await using given = givenClient()
    given.stopsReading()
    given.stream.sendHello()
    for (let i = 0; i < 2_000; i++) given.stream.send(gone(`g${i}`), `${i}`)
    given.reads()
    const [, second, ...rest] = given.sent
    assert.deepEqual(second, { type: 'hello' })
    assert.ok(rest.length <= 500)
    assert.deepEqual(rest.at(-1), gone('g1999'))
  })
})
