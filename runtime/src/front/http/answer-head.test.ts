import { strict as assert } from 'node:assert'
import { readAnswerHead } from './answer-head.ts'

describe('the head of an answer', () => {
  it('keeps status and headers in order', () => {
    assert.deepEqual(readAnswerHead('201\ncontent-type\ntext'), {
      status: 201,
      headers: ['content-type', 'text'],
      text: 'HTTP/1.1 201 Created\r\ncontent-type: text\r\n',
      mayHaveBody: true,
    })
  })
  it('keeps the tag of a body beside a head that others share', () => {
    const tags = ['W/"5-vn2IeOm1yGW0RlzUUhuJYN4Gkq8"', 'W/"1f-cuooLzGMRmJxTENfavMRUp2n27o"']
    for (const tag of tags) {
      const head = readAnswerHead(`200\nx-a\n1\netag\n${tag}`)
      assert.deepEqual([head?.headers, head?.text], [['x-a', '1', 'etag', tag], `HTTP/1.1 200 OK\r\nx-a: 1\r\netag: ${tag}\r\n`])
    }
    assert.deepEqual(readAnswerHead('200\nx-a\n1')?.headers, ['x-a', '1'])
    assert.deepEqual(readAnswerHead('200\netag\n"own"')?.headers, ['etag', '"own"'])
  })
  it('drops the headers that frame the message', () => {
    assert.deepEqual(readAnswerHead('200\ncontent-length\n5\nTransfer-Encoding\nchunked\nConnection\nclose\nx-request-id\nmine\nx-a\n1')?.headers, ['x-a', '1'])
  })
  it('says which answers have no body', () => {
    assert.deepEqual(
      ['200', '204', '205', '304'].map((status) => readAnswerHead(status)?.mayHaveBody),
      [true, false, false, false],
    )
  })
  for (const [why, text] of [
    ['a status that is no final one', '101'],
    ['a status beyond 599', '600'],
    ['a status that is no number', 'OK'],
    ['a name with a space', '200\nx y\n1'],
    ['an empty name', '200\n\n1'],
    ['a carriage return in a value', '200\nx\na\rb'],
    ['a control character in a value', '200\nx\na\u0000b'],
    ['a name without a value', '200\nx'],
    ['more headers than a client takes', `200${'\nx\n1'.repeat(101)}`],
    ['a head that is too long', `200\nx\n${'a'.repeat(20_000)}`],
  ] as const) {
    it(`is refused for ${why}`, () => assert.equal(readAnswerHead(text), undefined))
  }
})
