import { strict as assert } from 'node:assert'
import { gzipSync } from 'node:zlib'
import type { RawRequest, RawResponse } from './raw-exchange.ts'

/** Something that imprun does otherwise, on purpose. */
export interface Difference {
  reason: string
  handler: string
  request: RawRequest
  express(response: RawResponse): void
  imprun(response: RawResponse): void
}

const answers =
  (status: number, body?: string | RegExp) =>
  (response: RawResponse): void => {
    assert.equal(response.status, status)
    if (typeof body === 'string') assert.equal(response.body, body)
    else if (body !== undefined) assert.match(response.body, body)
  }
const problem =
  (status: number, code: string) =>
  (response: RawResponse): void => {
    assert.equal(response.status, status)
    assert.equal(response.headers['content-type'], 'application/problem+json')
    assert.equal((JSON.parse(response.body) as { code: string }).code, code)
  }
const json = { 'Content-Type': 'application/json' }
const htmlError = (status: number) => answers(status, /^<!DOCTYPE html>/)

export const differences: Difference[] = [
  {
    reason: 'A body that is not valid JSON is told as a problem document, as all of imprun tells errors',
    handler: '(req, res) => res.json(req.body)',
    request: { method: 'POST', headers: json, body: '{"a":' },
    express: htmlError(400),
    imprun: problem(400, 'REQUEST_INVALID'),
  },
  {
    reason: 'An error that is thrown is told as a problem document, without its message or stack',
    handler: '() => { throw new Error("secret") }',
    request: {},
    express: answers(500, /secret/),
    imprun: problem(500, 'FUNCTION_FAILED'),
  },
  {
    reason: 'What JSON cannot hold fails the call in both; only the words differ',
    handler: '(req, res) => res.json({ n: 1n })',
    request: {},
    express: htmlError(500),
    imprun: problem(500, 'FUNCTION_FAILED'),
  },
  {
    reason: 'res.send of a symbol or a BigInt fails the call in both; only the words differ',
    handler: '(req, res) => res.send(5n)',
    request: {},
    express: htmlError(500),
    imprun: problem(500, 'FUNCTION_FAILED'),
  },
  {
    reason: 'Without a body req.body is an empty object, so that it can be destructured; Express 5 leaves it undefined',
    handler: '(req, res) => res.json({ body: req.body })',
    request: {},
    express: answers(200, '{}'),
    imprun: answers(200, '{"body":{}}'),
  },
  {
    reason: 'An empty text is no body, so it is an empty object too',
    handler: '(req, res) => res.json({ body: req.body })',
    request: { method: 'POST', headers: { 'Content-Type': 'text/plain' }, body: '' },
    express: answers(200, '{"body":""}'),
    imprun: answers(200, '{"body":{}}'),
  },
  {
    reason: 'An unknown charset is read as UTF-8, because most senders of one mean that',
    handler: '(req, res) => res.json(req.body)',
    request: { method: 'POST', headers: { 'Content-Type': 'text/plain; charset=klingon' }, body: 'x' },
    express: htmlError(415),
    imprun: answers(200, '"x"'),
  },
  {
    reason: 'A compressed body that is broken is told as a problem document',
    handler: '(req, res) => res.json(req.body)',
    request: { method: 'POST', headers: { ...json, 'Content-Encoding': 'gzip' }, body: 'not gzip' },
    express: htmlError(400),
    imprun: problem(400, 'REQUEST_INVALID'),
  },
  {
    reason: 'A content encoding that is not known is told as a problem document',
    handler: '(req, res) => res.json(req.body)',
    request: { method: 'POST', headers: { ...json, 'Content-Encoding': 'zip' }, body: '{}' },
    express: htmlError(415),
    imprun: problem(415, 'REQUEST_INVALID'),
  },
  {
    reason: 'A body that swells too far is told as a problem document',
    handler: '(req, res) => res.json(req.body)',
    request: { method: 'POST', headers: { ...json, 'Content-Encoding': 'gzip' }, body: gzipSync(Buffer.alloc(20 * 1024 * 1024)) },
    express: htmlError(413),
    imprun: problem(413, 'BODY_TOO_LARGE'),
  },
  {
    reason: 'multipart/form-data is read; Express needs another package for it',
    handler: '(req, res) => res.json({ body: req.body })',
    request: {
      method: 'POST',
      headers: { 'Content-Type': 'multipart/form-data; boundary=X' },
      body: '--X\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--X--\r\n',
    },
    express: answers(200, '{}'),
    imprun: answers(200, '{"body":{"a":"1"}}'),
  },
  {
    reason: 'Only GET and HEAD answers have an ETag: nobody can ask with one on other methods, and it costs a hash',
    handler: '(req, res) => res.json({ a: 1 })',
    request: { method: 'POST', headers: json, body: '{}' },
    express: (response) => assert.ok(response.headers.etag),
    imprun: (response) => assert.equal(response.headers.etag, undefined),
  },
  {
    reason: 'The words beside the status are the standard ones: HTTP/2 has none, and no caller should read them',
    handler: '(req, res) => { res.statusMessage = "Own Words"; res.end() }',
    request: {},
    express: (response) => assert.equal(response.reason, 'Own Words'),
    imprun: (response) => assert.equal(response.reason, 'OK'),
  },
  {
    reason: 'A status is from 200 to 599: a 1xx is no answer, and what lies above has no meaning',
    handler: '(req, res) => res.status(700).end()',
    request: {},
    express: answers(700),
    imprun: problem(500, 'FUNCTION_FAILED'),
  },
  {
    reason: 'A second answer is ignored and said in the log, instead of failing a call that was answered well',
    handler: '(req, res) => { res.json({ n: 1 }); try { res.set("x-a", "1"); res.json({ n: 2 }) } catch (error) { globalThis.caught = error.code } }',
    request: {},
    express: (response) => {
      answers(200, '{"n":1}')(response)
      assert.equal((globalThis as { caught?: string }).caught, 'ERR_HTTP_HEADERS_SENT')
      delete (globalThis as { caught?: string }).caught
    },
    imprun: answers(200, '{"n":1}'),
  },
  {
    reason: 'What is returned is the answer; Express ignores it and would hang, so here it is answered otherwise',
    handler: '(req, res) => { if (!req.credential && res.app) res.send("hung"); return { returned: true } }',
    request: {},
    express: answers(200, 'hung'),
    imprun: answers(200, '{"returned":true}'),
  },
  {
    reason: 'res.write can be awaited; Express returns a boolean',
    handler: '(req, res) => { const wrote = res.write("x"); res.end(typeof wrote) }',
    request: {},
    express: answers(200, 'xboolean'),
    imprun: answers(200, 'xobject'),
  },
  {
    reason: 'HEAD tells the length that GET has, also of what res.end sent; Express tells it of res.send only',
    handler: '(req, res) => { res.end("plain text") }',
    request: { method: 'HEAD' },
    express: (response) => assert.equal(response.headers['content-length'], undefined),
    imprun: (response) => assert.equal(response.headers['content-length'], '10'),
  },
  {
    reason: 'An ArrayBuffer is bytes; Express sends it as an empty object',
    handler: '(req, res) => res.send(new Uint8Array([104, 105]).buffer)',
    request: {},
    express: answers(200, '{}'),
    imprun: answers(200, 'hi'),
  },
  {
    reason: 'Numbers of more than a byte are sent as they lie in memory; Express cuts each to one byte',
    handler: '(req, res) => res.send(new Uint16Array([0x6968]))',
    request: {},
    express: answers(200, 'h'),
    imprun: answers(200, 'hi'),
  },
  {
    reason: 'A header value is ASCII: other bytes mean something else to every reader',
    handler: '(req, res) => { try { res.set("x-a", "ü").send("set") } catch (error) { res.send(error.name) } }',
    request: {},
    express: answers(200, 'set'),
    imprun: answers(200, 'TypeError'),
  },
  {
    reason: 'There are no files to send',
    handler: '(req, res) => { try { res.sendFile("/etc/none"); } catch (error) { res.send(error.message) } }',
    request: {},
    express: htmlError(404),
    imprun: answers(200, /^res\.sendFile is not possible in a function\. A function has no files/),
  },
  {
    reason: 'There are no files to download',
    handler: '(req, res) => { try { res.download("/etc/none"); } catch (error) { res.send(error.message) } }',
    request: {},
    express: htmlError(404),
    imprun: answers(200, /Use res\.attachment/),
  },
  {
    reason: 'There is no view engine',
    handler: '(req, res) => { try { res.render("page"); } catch (error) { res.send(error.message.slice(0, 10)) } }',
    request: {},
    express: answers(200, 'No default'),
    imprun: answers(200, 'res.render'),
  },
  {
    reason: 'JSONP is an answer to a problem that CORS has solved',
    handler: '(req, res) => { try { res.jsonp({ a: 1 }) } catch (error) { res.send(error.message.slice(0, 9)) } }',
    request: {},
    express: answers(200, '{"a":1}'),
    imprun: answers(200, 'res.jsonp'),
  },
  {
    reason: 'A signed cookie needs a secret that the framework would have to know',
    handler: '(req, res) => { try { res.cookie("a", "1", { signed: true }) } catch (error) { res.send(error.message.split(":")[0]) } }',
    request: {},
    express: answers(200, 'cookieParser("secret") required for signed cookies'),
    imprun: answers(200, 'Signed cookies need a secret'),
  },
  {
    reason: 'The body is whole before the function runs, so waiting for its pieces is an error instead of waiting for ever',
    handler: '(req, res) => { try { req.on("data", () => {}); res.send("waits") } catch (error) { res.send("refused") } }',
    request: {},
    express: answers(200, 'waits'),
    imprun: answers(200, 'refused'),
  },
  {
    reason: 'What nobody accepts is answered 406 in plain text; Express has a page for it',
    handler: '(req, res) => res.format({ json: () => res.json({}) })',
    request: { headers: { Accept: 'image/png' } },
    express: htmlError(406),
    imprun: answers(406, 'Not Acceptable'),
  },
  {
    reason: 'A fragment is no part of what a request may ask for (RFC 9112), and two readers could understand two requests',
    handler: '(req, res) => res.send(req.url)',
    request: { target: '/suite?x=1#y' },
    express: answers(200, '/suite?x=1#y'),
    imprun: problem(400, 'REQUEST_INVALID'),
  },
  {
    reason: 'OPTIONS is answered by imprun with the methods of the function, before any of its code runs',
    handler: '(req, res) => res.send("own answer")',
    request: { method: 'OPTIONS' },
    express: answers(200, 'own answer'),
    imprun: (response) => {
      answers(204, '')(response)
      assert.equal(response.headers.allow, 'GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS')
    },
  },
]
