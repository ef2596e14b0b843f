import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { eventually } from '../support/eventually.ts'
import { servedForSuite } from '../support/for-suite.ts'

/** @returns what is counted, once it rises no more */
const untilStill = async (count: () => Promise<number>): Promise<number> => {
  let before = -1
  await eventually(async () => {
    const now = await count()
    const isStill = now > 0 && now === before
    before = now
    await new Promise((resolve) => setTimeout(resolve, 200))
    assert.ok(isStill)
  })
  return before
}
/** @returns how many bytes come when they are read at last */
const restOf = async (response: IncomingMessage): Promise<number> => {
  let bytes = 0
  response.on('data', (chunk: Buffer) => {
    bytes += chunk.length
  })
  response.resume()
  await once(response, 'end')
  return bytes
}

describe('streaming', () => {
  const given = servedForSuite()
  const open = async (path: string): Promise<IncomingMessage> => {
    const request = get(given().url(path), { agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    return response
  }

  it('brings each piece to the caller when the function writes it', async () => {
    await given().publishAndWait(
      'events',
      `export default async (req, res) => {
        res.type('text/event-stream')
        res.write('data: 1\\n\\n')
        await new Promise((resolve) => { globalThis.next = resolve })
        res.write('data: 2\\n\\n')
        res.end()
      }`,
    )
    await given().publishAndWait('plain', `export default async (req, res) => res.send('plain')`)
    const response = await open('/events')
    assert.equal(response.statusCode, 200)
    assert.match(response.headers['content-type'] ?? '', /^text\/event-stream/)
    assert.equal(response.headers['transfer-encoding'], 'chunked')
    assert.ok(response.headers['x-request-id'])
    const [first] = (await once(response.setEncoding('utf8'), 'data')) as [string]
    assert.equal(first, 'data: 1\n\n')
    // While one answer is open, others of the same environment come and go.
    assert.equal(await (await given().fetch('/plain')).text(), 'plain')
    response.destroy()
  })

  it('ends a stream in order', async () => {
    await given().publishAndWait('count', `export default async (req, res) => { for (let i = 0; i < 1000; i++) res.write(i + ' '); res.end('end') }`)
    const text = await (await given().fetch('/count')).text()
    assert.equal(text, `${Array.from({ length: 1000 }, (_, i) => `${i} `).join('')}end`)
  })

  it('holds a function whose caller does not read, instead of holding what it writes', async () => {
    await given().publishAndWait(
      'flood',
      `export default async (req, res) => {
        const piece = 'x'.repeat(64 * 1024)
        for (let written = 0; written < 400; written++) {
          await res.write(piece)
          await imp.db().collection('flood').updateOne({ _id: 'written' }, { $set: { written } }, { upsert: true })
        }
        res.end()
      }`,
    )
    const response = await open('/flood')
    response.pause()
    const data = given().database.client.db(given().assignment.dataDatabase).collection<{ _id: string; written: number }>('flood')
    const written = async (): Promise<number> => (await data.findOne({ _id: 'written' }))?.written ?? 0
    const before = await untilStill(written)
    assert.ok(before < 399, `The function waits, but has written ${before} pieces.`)
    assert.equal(await restOf(response), 400 * 64 * 1024)
  })

  it('tells the worker when the caller of a stream goes away', async () => {
    await given().publishAndWait(
      'forever',
      `export default async (req, res) => {
        const data = imp.db().collection('forever')
        for (let tick = 0; ; tick++) {
          res.write('tick ')
          await data.updateOne({ _id: 'tick' }, { $set: { tick } }, { upsert: true })
        }
      }`,
    )
    const response = await open('/forever')
    await once(response, 'data')
    response.destroy()
    const data = given().database.client.db(given().assignment.dataDatabase).collection<{ _id: string; tick: number }>('forever')
    let before = -1
    await eventually(async () => {
      const now = (await data.findOne({ _id: 'tick' }))?.tick ?? -1
      const isStill = now === before
      before = now
      await new Promise((resolve) => setTimeout(resolve, 100))
      assert.ok(isStill, 'The function still runs.')
    })
  })

  it('lets a function hear that its caller went away', async () => {
    await given().publishAndWait(
      'heard',
      `export default async (req, res) => {
        const heard = imp.db().collection('heard')
        res.on('close', () => imp.waitUntil(heard.insertOne({ by: 'close' })))
        req.signal.addEventListener('abort', () => imp.waitUntil(heard.insertOne({ by: req.signal.reason.name })))
        res.write('first')
        await new Promise(() => {})
      }`,
    )
    const response = await open('/heard')
    await once(response, 'data')
    response.destroy()
    const data = given().database.client.db(given().assignment.dataDatabase).collection<{ by: string }>('heard')
    await eventually(async () => assert.deepEqual((await data.find().toArray()).map(({ by }) => by).sort(), ['AbortError', 'close']))
  })

  it('answers a returned stream piece by piece, at the pace of its caller', async () => {
    await given().publishAndWait(
      'pulled',
      `let pulled = 0
      export default (req) => req.query.count ? { pulled } : new Response(new ReadableStream({
        async pull(controller) {
          await new Promise((resolve) => setTimeout(resolve, 2))
          if (pulled++ < 400) controller.enqueue(new Uint8Array(64 * 1024))
          else controller.close()
        },
      }))`,
    )
    const response = await open('/pulled')
    response.pause()
    const pulled = async (): Promise<number> => ((await (await given().fetch('/pulled?count=1')).json()) as { pulled: number }).pulled
    const before = await untilStill(pulled)
    assert.ok(before < 400, `The stream waits, but was pulled ${before} times.`)
    assert.equal(await restOf(response), 400 * 64 * 1024)
  })

  it('cuts a stream that fails half way, so that nobody takes it for whole', async () => {
    await given().publishAndWait(
      'half',
      `export default async (req, res) => { res.write('half'); await new Promise((resolve) => setTimeout(resolve, 20)); throw new Error('no') }`,
    )
    await assert.rejects(async () => (await given().fetch('/half')).text())
  })

  it('cuts a stream at its deadline', async () => {
    await given().publishAndWait('endless', `export default async (req, res) => { res.write('a'); await new Promise(() => {}) }`, {
      limits: { timeoutMs: 200 },
    })
    await assert.rejects(async () => (await given().fetch('/endless')).text())
  })
})
