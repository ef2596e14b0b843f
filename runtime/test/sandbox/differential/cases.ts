import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import type { RawRequest } from './raw-exchange.ts'

/** A handler's source, and the requests that are made of it. */
export type Case = [handler: string, ...requests: RawRequest[]]

const json = { 'Content-Type': 'application/json' }
const form = { 'Content-Type': 'application/x-www-form-urlencoded' }
const get: RawRequest = {}
const post = (headers: RawRequest['headers'], body: RawRequest['body']): RawRequest => ({
  method: 'POST',
  ...(headers && { headers }),
  ...(body !== undefined && { body }),
})
const withHeaders = (headers: RawRequest['headers']): RawRequest => ({ headers: headers ?? {} })
const head: RawRequest = { method: 'HEAD' }

const answers: Case[] = [
  ['(req, res) => res.json({ a: 1, b: [null, "ü", true], c: { d: undefined } })', get, head],
  ['(req, res) => res.json([])', get],
  ['(req, res) => res.json(null)', get],
  ['(req, res) => res.json(undefined)', get],
  ['(req, res) => res.json("text")', get],
  ['(req, res) => res.json(1.5)', get],
  ['(req, res) => res.json({ at: new Date(0), toJSON() { return { own: "form" } } })', get],
  ['(req, res) => res.json({ at: new Date(0), n: NaN, u: undefined, f() {} })', get],
  ['(req, res) => res.type("application/problem+json").json({ a: 1 })', get],
  ['(req, res) => res.set("Content-Type", "application/vnd.api+json; ext=bulk").json({ a: 1 })', get],
  ['(req, res) => res.send("<b>ü€😀</b>")', get, head],
  ['(req, res) => res.send("")', get],
  ['(req, res) => res.send()', get],
  ['(req, res) => res.send(null)', get],
  ['(req, res) => res.send(42)', get],
  ['(req, res) => res.send(false)', get],
  ['(req, res) => res.send({ a: 1 })', get],
  ['(req, res) => res.send(["a"])', get],
  ['(req, res) => res.send(new Uint8Array([0, 1, 127, 128, 255]))', get, head],
  ['(req, res) => res.type("png").send(new Uint8Array([137, 80, 78, 71]))', get],
  ['(req, res) => res.send(new Uint8Array(0))', get],
  ['(req, res) => res.type("text/plain; charset=iso-8859-1").send("ü")', get],
  ['(req, res) => res.set("Content-Type", "text/HTML").send("x")', get],
  ['(req, res) => res.set("Content-Type", "text/plain; format=flowed").send("x")', get],
  ['(req, res) => res.set("Content-Type", "application/xml").send("<x/>")', get],
  ['(req, res) => res.setHeader("Content-Type", "text/plain") && res.send("x")', get],
  ['(req, res) => { res.setHeader("Content-Type", "text/plain"); res.end("x") }', get],
  ['(req, res) => { res.end("plain text") }', get],
  ['(req, res) => { res.end() }', get, { method: 'DELETE' }],
  ['(req, res) => { res.end(new Uint8Array([1, 2, 3])) }', get],
  ['(req, res) => { res.write("a"); res.write(new Uint8Array([98])); res.end("ü") }', get],
  [
    '(req, res) => { res.type("text/event-stream").set("Cache-Control", "no-cache"); res.flushHeaders(); res.write("data: 1\\n\\n"); setTimeout(() => res.end("data: 2\\n\\n"), 5) }',
    get,
  ],
  ['(req, res) => { res.writeHead(201, { "Content-Type": "text/csv", "X-A": "1" }); res.write("a;b"); res.end() }', get],
  ['async (req, res) => { await new Promise((done) => setTimeout(done, 2)); res.status(202).json({ later: true }) }', get],
  ['(req, res) => { res.set("X-Order", "1"); res.on("finish", () => {}); res.send("x") }', get],
]

const statuses: Case[] = [
  ['(req, res) => res.sendStatus(200)', get],
  ['(req, res) => res.sendStatus(201)', get],
  ['(req, res) => res.sendStatus(204)', get],
  ['(req, res) => res.sendStatus(304)', get],
  ['(req, res) => res.sendStatus(404)', get, head],
  ['(req, res) => res.sendStatus(418)', get],
  ['(req, res) => res.sendStatus(500)', get],
  ['(req, res) => res.sendStatus(599)', get],
  ['(req, res) => res.status(204).end()', get],
  ['(req, res) => res.status(204).json({ a: 1 })', get],
  ['(req, res) => res.status(205).json({ a: 1 })', get],
  ['(req, res) => res.status(304).send("x")', get],
  ['(req, res) => res.status(400).json({ error: "no" })', get],
  ['(req, res) => { res.statusCode = 503; res.set("Retry-After", "5").send("later") }', get],
]

const headers: Case[] = [
  ['(req, res) => res.set("X-A", 1).set({ "X-B": true, "X-C": ["1", "2"] }).header("x-d", "d").end()', get],
  ['(req, res) => res.set("X-A", "1").set("x-a", "2").end()', get],
  ['(req, res) => res.append("X-A", "1").append("X-A", ["2", "3"]).append("Link", "<a>").end()', get],
  ['(req, res) => { res.set("X-A", "1"); res.removeHeader("x-a"); res.json({ a: res.get("X-A"), h: res.hasHeader("x-a"), n: res.getHeaderNames() }) }', get],
  ['(req, res) => res.set("X-A", ["1", "2"]).json({ a: res.get("x-a"), s: res.get("none") })', get],
  ['(req, res) => res.type("html").json({ type: res.get("Content-Type") })', get],
  [
    '(req, res) => res.json(["json", ".css", "docx", "xlsx", "nothing-known", "text/x-own", "image/svg+xml", "md", "csv", "js", "ico"].map((type) => { res.type(type); return res.get("content-type") }))',
    get,
  ],
  ['(req, res) => res.vary("Accept").vary(["Origin", "accept"]).end()', get],
  ['(req, res) => res.set("Vary", "A").vary("*").end()', get],
  ['(req, res) => res.location("/über uns/?a=b c&d=%20").end()', get],
  ['(req, res) => res.links({ next: "http://a/?page=2", last: ["http://a/?page=5", "http://b/"] }).links({ up: "/" }).end()', get],
  ['(req, res) => res.attachment().send("x")', get],
  ['(req, res) => res.attachment("folder/report 1.csv").send("a;b")', get],
  ['(req, res) => res.attachment("Übersicht €.pdf").send("x")', get],
  ['(req, res) => res.attachment(".profile").send("x")', get],
  ['(req, res) => res.cookie("a", "b c;ü").cookie("o", { n: 1 }).end()', get],
  [
    '(req, res) => res.cookie("a", "1", { httpOnly: true, secure: true, sameSite: "lax", path: "/x", domain: "example.org", priority: "high", partitioned: true }).end()',
    get,
  ],
  ['(req, res) => res.cookie("a", "1", { expires: new Date(86400000) }).cookie("b", "2", { sameSite: true, encode: (v) => v + "!" }).end()', get],
  ['(req, res) => res.clearCookie("a").clearCookie("b", { path: "/x", maxAge: 1000 }).end()', get],
  ['(req, res) => res.set("ETag", "\\"own\\"").send("x")', get, withHeaders({ 'If-None-Match': '"own"' }), withHeaders({ 'If-None-Match': 'W/"own"' })],
  ['(req, res) => res.json({ before: res.headersSent, code: res.statusCode, locals: Object.keys(res.locals) })', get],
]

const freshness: Case[] = [
  [
    '(req, res) => res.send("fresh")',
    withHeaders({ 'If-None-Match': '*' }),
    withHeaders({ 'If-None-Match': '"other", W/"5-vn2IeOm1yGW0RlzUUhuJYN4Gkq8"' }),
    withHeaders({ 'If-None-Match': '*', 'Cache-Control': 'no-cache' }),
    { method: 'HEAD', headers: { 'If-None-Match': '*' } },
  ],
  ['(req, res) => res.status(404).send("fresh")', withHeaders({ 'If-None-Match': '*' })],
  [
    '(req, res) => res.set("Last-Modified", new Date(1e12).toUTCString()).json({})',
    withHeaders({ 'If-Modified-Since': new Date(2e12).toUTCString() }),
    withHeaders({ 'If-Modified-Since': new Date(0).toUTCString() }),
  ],
  ['(req, res) => { res.set("ETag", "x"); res.json({ fresh: req.fresh, stale: req.stale }) }', withHeaders({ 'If-None-Match': '"y"' })],
]

const redirects: Case[] = [
  [
    '(req, res) => res.redirect("/elsewhere?a=1&b=<x>")',
    get,
    head,
    withHeaders({ Accept: 'text/html' }),
    withHeaders({ Accept: 'application/json' }),
    withHeaders({ Accept: 'text/html;q=0.1, text/plain' }),
  ],
  ['(req, res) => res.redirect(301, "https://example.org/ü")', get, { method: 'POST' }],
  ['(req, res) => res.set("X-A", "1").redirect(308, "../up")', get],
  [
    '(req, res) => res.format({ text: () => res.send("text"), html: () => res.send("<p>"), json: () => res.json({}), default: () => res.send("default") })',
    get,
    withHeaders({ Accept: 'application/json' }),
    withHeaders({ Accept: 'text/*' }),
    withHeaders({ Accept: 'image/png' }),
  ],
]

const requests: Case[] = [
  [
    '(req, res) => res.json([req.method, req.path, req.url, req.originalUrl, req.baseUrl, req.params, req.httpVersion])',
    { target: '/suite?a=%20b&c' },
    { method: 'PUT', target: '/suite?x=1' },
    { method: 'DELETE' },
    { method: 'PATCH' },
  ],
  [
    '(req, res) => res.json(req.query)',
    ...[
      '',
      '?',
      '?a=1&b=2',
      '?a=1&a=2&a=3',
      '?a[b]=1&a[]=2',
      '?a',
      '?a=',
      '?=1',
      '?a+b=c+d',
      '?%C3%BC=%E2%82%AC',
      '?a=%zz&b=%ff',
      '?__proto__=1&toString=2',
      '?a=b=c&&d',
    ].map((query) => ({
      target: `/suite${query}`,
    })),
  ],
  [
    '(req, res) => res.json([Object.getPrototypeOf(req.query) === null, Object.keys(req.query).length])',
    { target: `/suite?${Array.from({ length: 1200 }, (_, at) => `k${at}=1`).join('&')}` },
  ],
  [
    '(req, res) => { const { "x-case": x, connection, ...rest } = req.headers; res.json(rest) }',
    withHeaders({ 'X-A': ['1', '2'], Cookie: ['a=1', 'b=2'], 'X-Empty': '', Referer: 'http://a/', 'User-Agent': ['one', 'two'] }),
  ],
  [
    '(req, res) => res.json([req.get("X-A"), req.header("x-a"), req.get("Referrer"), req.get("referer"), req.get("none")])',
    withHeaders({ 'X-A': 'v', Referer: 'http://a/' }),
    get,
  ],
  [
    '(req, res) => res.json([req.hostname, req.host, req.protocol, req.secure, req.ips, req.subdomains.length, req.xhr])',
    get,
    withHeaders({ 'X-Requested-With': 'XMLHttpRequest' }),
  ],
  [
    '(req, res) => res.json([req.ip.replace("::ffff:", ""), req.socket.remoteAddress.replace("::ffff:", "")])',
    get,
    withHeaders({ 'X-Forwarded-For': '1.2.3.4' }),
  ],
  [
    '(req, res) => res.json([req.is("json"), req.is("application/*"), req.is(["html", "urlencoded"]), req.is("text/plain"), req.is("+json")])',
    post(json, '{}'),
    post(form, 'a=1'),
    post({ 'Content-Type': 'application/vnd.api+json; charset=utf-8' }, '{}'),
    get,
  ],
  [
    '(req, res) => res.json([req.accepts("html"), req.accepts("json", "text"), req.accepts(["image/png", "application/json"]), req.accepts()])',
    get,
    withHeaders({ Accept: 'text/*;q=0.5, application/json' }),
    withHeaders({ Accept: 'image/png' }),
    withHeaders({ Accept: '' }),
  ],
  [
    '(req, res) => res.json([req.acceptsEncodings("gzip", "br"), req.acceptsCharsets("utf-8"), req.acceptsLanguages("ko", "en"), req.acceptsLanguages()])',
    withHeaders({ 'Accept-Encoding': 'br;q=0.1, gzip', 'Accept-Charset': 'utf-8', 'Accept-Language': 'en;q=0.8, ko' }),
    get,
  ],
  [
    '(req, res) => { const r = req.range(1000); res.json([r, r && r.type]) }',
    withHeaders({ Range: 'bytes=0-4,5-9' }),
    withHeaders({ Range: 'bytes=2000-' }),
    withHeaders({ Range: 'what' }),
    get,
  ],
  ['(req, res) => res.json([typeof req.cookies, req.res === res, res.req === req])', get],
]

const bodies: Case[] = [
  [
    '(req, res) => res.json({ got: req.body })',
    post(json, '{"a":[1,"ü",{"b":null}]}'),
    post(json, '"text"'),
    post(json, '12'),
    post(json, 'null'),
    post(json, ' [] '),
    post({ 'Content-Type': 'application/json; charset=utf-8' }, '{"€":"😀"}'),
    post({ 'Content-Type': 'application/json' }, '\uFEFF{"bom":true}'),
    post({ 'Content-Type': 'application/merge-patch+json' }, '{"__proto__":{"x":1}}'),
    post({ 'Content-Type': 'Application/JSON' }, '{"case":1}'),
    post(form, 'a=1&b=2&a=3'),
    post(form, 'a[b]=1&c+d=%C3%BC+%E2%82%AC'),
    post(form, 'a'),
    post({ 'Content-Type': 'text/plain' }, 'é€😀'),
    post({ 'Content-Type': 'text/plain; charset=iso-8859-1' }, new Uint8Array([0xfc, 0xe4])),
    post({ 'Content-Type': 'text/csv; charset=windows-1252' }, new Uint8Array([0x80, 0x41])),
    post({ 'Content-Type': 'application/xml' }, '<ü/>'),
    post({ 'Content-Type': 'text/plain; charset=utf-16le' }, Buffer.from('utf16 ü', 'utf16le')),
    post({ ...json, 'Content-Encoding': 'gzip' }, gzipSync('{"packed":"ü"}')),
    post({ ...json, 'Content-Encoding': 'br' }, brotliCompressSync('{"packed":"ü"}')),
    post({ ...form, 'Content-Encoding': 'deflate' }, deflateSync('packed=1')),
    post({ ...json, 'Content-Encoding': 'identity' }, '{"plain":1}'),
    { method: 'PUT', headers: json, body: '{"put":1}' },
    { method: 'PATCH', headers: json, body: '{"patch":1}' },
    { method: 'DELETE', headers: json, body: '{"delete":1}' },
  ],
  [
    '(req, res) => res.send(req.body)',
    post({ 'Content-Type': 'image/png' }, new Uint8Array(Array.from({ length: 256 }, (_, at) => at))),
    post(
      { 'Content-Type': 'application/octet-stream' },
      new Uint8Array(70_000).map((_, at) => at % 251),
    ),
    post(undefined, 'no type'),
    post({ 'Content-Type': 'text/plain' }, 'x'.repeat(90_000)),
  ],
]

/** What has to be the same, to the byte. */
export const cases: Case[] = [...answers, ...statuses, ...headers, ...freshness, ...redirects, ...requests, ...bodies]
