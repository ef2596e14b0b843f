import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { bytesToLatin1 } from './bytes.ts'
import { parseMultipart } from './multipart.ts'

type Entry = [name: string, value: string | { fileName: string; type: string; bytes: number[] }]

/** Names without what a browser would write otherwise than it is: line breaks become one kind, and lone halves of a character are replaced. */
const name = fc.string({ unit: 'grapheme', minLength: 1 }).map((text) => text.toWellFormed().replace(/[\r\n\0]/g, '_'))
const text = fc.string({ unit: 'grapheme' }).map((each) => each.toWellFormed().replace(/[\r\n]/g, '\r\n'))
const file = fc.record(
  { fileName: name, type: fc.constantFrom('text/plain', 'image/png', 'application/x-own'), bytes: fc.array(fc.nat(255)) },
  { noNullPrototype: true },
)

async function encode(entries: readonly Entry[]): Promise<{ body: string; contentType: string }> {
  const form = new FormData()
  for (const [key, value] of entries) {
    if (typeof value === 'string') form.append(key, value)
    else form.append(key, new File([new Uint8Array(value.bytes)], value.fileName, { type: value.type }))
  }
  const response = new Response(form)
  return { body: bytesToLatin1(new Uint8Array(await response.arrayBuffer())), contentType: response.headers.get('content-type') ?? '' }
}

describe('multipart', () => {
  const seed = Number(process.env.SEED ?? Date.now() % 2 ** 31)

  it(`reads what Node writes (SEED=${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, fc.oneof(text, file)), { maxLength: 6 }), async (entries) => {
        const { body, contentType } = await encode(entries)
        const read: Entry[] = []
        for (const [key, value] of parseMultipart(body, contentType)) {
          read.push([key, typeof value === 'string' ? value : { fileName: value.name, type: value.type, bytes: [...(await value.bytes())] }])
        }
        assert.deepEqual(read, entries)
      }),
      { seed, numRuns: 200 },
    )
  })

  it(`reads or refuses what is broken, and ends (SEED=${seed})`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(name, fc.oneof(text, file)), { maxLength: 3 }), fc.nat(), fc.string(), async (entries, at, noise) => {
        const { body, contentType } = await encode(entries)
        const place = at % (body.length + 1)
        try {
          parseMultipart(body.slice(0, place) + noise + body.slice(place + noise.length), contentType)
        } catch (error) {
          assert.ok(error instanceof TypeError, String(error))
        }
      }),
      { seed, numRuns: 200 },
    )
  })
})
