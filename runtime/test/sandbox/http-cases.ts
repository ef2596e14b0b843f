export interface HttpCase {
  /** Bytes of one connection, a moment apart. HOST stands for the environment's host. */
  readonly pieces: readonly string[]
}
/** Answered by this status and nothing else, or by nothing; closed in any case. 400 unless told otherwise. */
interface RefusedCase extends HttpCase {
  readonly status?: number | 'closed'
}
/** Answered in order: each request's name and the bytes of its body. */
interface AcceptedCase extends HttpCase {
  readonly told: readonly string[]
}

const get = (more: string, target = '/echo?n=first', version = 'HTTP/1.1'): HttpCase => ({ pieces: [`GET ${target} ${version}\r\n${more}\r\n`] })
const hosted = 'Host: HOST\r\n'
const post = (more: string, body: string): HttpCase => ({ pieces: [`POST /echo?n=first HTTP/1.1\r\n${hosted}Content-Type: text/plain\r\n${more}\r\n${body}`] })
const chunked = (body: string): HttpCase => post('Transfer-Encoding: chunked\r\n', body)
const smuggled = 'GET /echo?n=smuggled HTTP/1.1\r\nHost: HOST\r\n\r\n'
const next = 'GET /echo?n=next HTTP/1.1\r\nHost: HOST\r\n\r\n'
const followed = ({ pieces }: HttpCase): HttpCase => ({ pieces: [...pieces, next] })

export const refused: Record<string, RefusedCase> = {
  // Two ways to say where the body ends.
  'a length and chunks, the length first (CL.TE)': post('Content-Length: 6\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
  'a length and chunks, the chunks first (TE.CL)': post('Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', `5c\r\n${smuggled}\r\n0\r\n\r\n`),
  'chunks named twice (TE.TE)': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', `0\r\n\r\n${smuggled}`),
  'chunks and an unknown coding after them': post('Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n', `0\r\n\r\n${smuggled}`),
  'chunks that are not the last coding': post('Transfer-Encoding: chunked, identity\r\n', `0\r\n\r\n${smuggled}`),
  'a coding that nobody undoes before chunks': post('Transfer-Encoding: gzip, chunked\r\n', `0\r\n\r\n${smuggled}`),
  'identity before chunks': post('Transfer-Encoding: identity, chunked\r\n', `0\r\n\r\n${smuggled}`),
  'a coding that ends like chunked': post('Transfer-Encoding: xchunked\r\n', `0\r\n\r\n${smuggled}`),
  'chunked in quotes': post('Transfer-Encoding: "chunked"\r\n', `0\r\n\r\n${smuggled}`),
  'chunked behind a vertical tab': post('Transfer-Encoding: \x0bchunked\r\n', `0\r\n\r\n${smuggled}`),
  'a coding without a name': post('Transfer-Encoding:\r\n', `0\r\n\r\n${smuggled}`),
  'chunks with a space before the colon': post('Transfer-Encoding : chunked\r\n', `0\r\n\r\n${smuggled}`),
  'chunks hidden in a folded line': post('X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', smuggled),
  'chunks in HTTP/1.0': { pieces: [`POST /echo?n=first HTTP/1.0\r\n${hosted}Connection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`] },
  // The length.
  'two lengths that differ': post('Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'),
  'the same length twice': post('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'),
  'a list of lengths': post('Content-Length: 3, 3\r\n', 'abc'),
  'a length with a plus': post('Content-Length: +3\r\n', 'abc'),
  'a length below nothing': post('Content-Length: -3\r\n', 'abc'),
  'a length in hexadecimal': post('Content-Length: 0x3\r\n', 'abc'),
  'a length with a space in it': post('Content-Length: 3 3\r\n', 'abc'),
  'an empty length': post('Content-Length: \r\n', 'abc'),
  'a length beyond all numbers': post('Content-Length: 99999999999999999999999\r\n', 'abc'),
  // Line ends and folds.
  'a bare line feed after the request line': { pieces: [`GET /echo?n=first HTTP/1.1\n${hosted}\r\n`] },
  'a bare line feed after a header': get(`Host: HOST\nX: y\r\n`),
  'bare line feeds at the end of the head': { pieces: ['GET /echo?n=first HTTP/1.1\r\nHost: HOST\n\n'] },
  'a bare carriage return in a header': get('Host: HOST\rX: y\r\n'),
  'a folded header': get(`${hosted}X: y\r\n z\r\n`),
  'a space before the first header': get(` ${hosted}Host: HOST\r\n`),
  // Names and values.
  'a space before the colon': get('Host : HOST\r\n'),
  'a header without a colon': get(`${hosted}nocolon\r\n`),
  'a header without a name': get(`${hosted}: x\r\n`),
  'a name with a bracket': get(`${hosted}X(y): z\r\n`),
  'a zero byte in a value': get(`${hosted}X: a\0b\r\n`),
  'a zero byte in a name': get(`${hosted}X\0: b\r\n`),
  'a control character in a value': get(`${hosted}X: a\x01b\r\n`),
  'headers without measure': { ...get(`${hosted}X: ${'x'.repeat(20_000)}\r\n`), status: 431 },
  // Chunks.
  'a chunk size that is no number': chunked(`g\r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk size below nothing': chunked(`-1\r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk size with a prefix': chunked(`0x3\r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk size beyond all numbers': chunked(`fffffffffffffffff\r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk size that is missing': chunked(`\r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk size followed by a space': chunked(`3 \r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk size that ends in a bare line feed': chunked(`3\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk that is longer than its size': chunked(`2\r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk that does not end': chunked(`3\r\nabc0\r\n\r\n${smuggled}`),
  'a chunk extension with a bare line feed': chunked(`3;a\nb\r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk extension whose quote stays open': chunked(`3;a="\r\nabc\r\n0\r\n\r\n${smuggled}`),
  'a chunk extension without measure': { ...chunked(`3;${'a'.repeat(20_000)}\r\nabc\r\n0\r\n\r\n`), status: 413 },
  'a length among the trailers': chunked('3\r\nabc\r\n0\r\nContent-Length: 5\r\n\r\n'),
  'chunks among the trailers': chunked('3\r\nabc\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n'),
  'a trailer with a space in its name': chunked('3\r\nabc\r\n0\r\nBad Trailer: x\r\n\r\n'),
  // Who is meant.
  'no Host': get(''),
  'two Hosts': get(`${hosted}Host: other\r\n`),
  'the same Host twice': get(hosted + hosted),
  'a list of Hosts': get('Host: HOST, other\r\n'),
  'a Host with a path': get('Host: HOST/echo\r\n'),
  'a Host with a name before it': get('Host: other@HOST\r\n'),
  'a whole address with a name in it': get(hosted, 'http://user:password@HOST/echo?n=first'),
  'a whole address without a host': get(hosted, 'http://'),
  'a whole address of another protocol': get(hosted, 'ftp://HOST/echo?n=first'),
  'two keys': get(`${hosted}apikey: a\r\napikey: b\r\n`),
  // The request line.
  'a target without a slash': get(hosted, 'echo?n=first'),
  'a target with a space': get(hosted, '/echo first'),
  'a target with a zero byte': get(hosted, '/echo\0?n=first'),
  'a target with a fragment': get(hosted, '/echo?n=first#there'),
  'a target with a byte beyond ASCII': get(hosted, '/echo?n=\xe9'),
  'a target without measure': { ...get(hosted, `/echo?n=first&x=${'x'.repeat(20_000)}`), status: 431 },
  'no target': { pieces: [`GET HTTP/1.1\r\n${hosted}\r\n`] },
  'an asterisk for a target': get(hosted, '*'),
  'tabs in the request line': { pieces: [`GET\t/echo?n=first\tHTTP/1.1\r\n${hosted}\r\n`] },
  'a space after the version': get(hosted, '/echo?n=first', 'HTTP/1.1 '),
  'a method in small letters': { pieces: [`get /echo?n=first HTTP/1.1\r\n${hosted}\r\n`] },
  'a method that nobody knows': { pieces: [`FOO /echo?n=first HTTP/1.1\r\n${hosted}\r\n`] },
  'a tunnel': { pieces: [`CONNECT HOST:443 HTTP/1.1\r\n${hosted}\r\n`], status: 'closed' },
  // Versions and other protocols.
  'HTTP/0.9 without a version': { pieces: ['GET /echo?n=first\r\n'] },
  'HTTP/0.9 by name': get(hosted, '/echo?n=first', 'HTTP/0.9'),
  'HTTP/1.2': get(hosted, '/echo?n=first', 'HTTP/1.2'),
  'HTTP/2.0 in a request line': get(hosted, '/echo?n=first', 'HTTP/2.0'),
  'a version without a dot': get(hosted, '/echo?n=first', 'HTTP/11'),
  'a protocol in small letters': get(hosted, '/echo?n=first', 'http/1.1'),
  'the preface of HTTP/2': { pieces: ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'] },
  'the greeting of TLS': { pieces: ['\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'] },
}

export const accepted: Record<string, AcceptedCase> = {
  'requests in a row': { pieces: [smuggled.replace('smuggled', 'first') + next], told: ['first 0', 'next 0'] },
  'a body in pieces': { pieces: [...post('Content-Length: 6\r\n', 'abc').pieces, 'def', next], told: ['first 6', 'next 0'] },
  'a head in pieces': { pieces: ['GET /echo?n=fi', 'rst HTTP/1.1\r\nHo', 'st: HOST\r\n', '\r\n', next], told: ['first 0', 'next 0'] },
  'chunks in pieces': { ...followed({ pieces: [...chunked('3\r\nab').pieces, 'c\r\n', '2\r\nde\r\n0\r', '\n\r\n'] }), told: ['first 5', 'next 0'] },
  'chunks with an extension and trailers': { ...followed(chunked('3;a=b\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n')), told: ['first 3', 'next 0'] },
  'chunked in capitals': { ...followed(post('Transfer-Encoding: CHUNKED\r\n', '3\r\nabc\r\n0\r\n\r\n')), told: ['first 3', 'next 0'] },
  'a length with zeros before it': { ...followed(post('Content-Length: 003\r\n', 'abc')), told: ['first 3', 'next 0'] },
  'a body that is no request, though it looks like one': {
    ...followed(post(`Content-Length: ${smuggled.length}\r\n`, smuggled.replace('HOST', 'xxxx'))),
    told: [`first ${smuggled.length}`, 'next 0'],
  },
  'a body behind a GET': {
    ...followed({ pieces: [`GET /echo?n=first HTTP/1.1\r\n${hosted}Content-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc`] }),
    told: ['first 3', 'next 0'],
  },
  'empty lines before a request': { pieces: [`\r\n\r\n${next}`], told: ['next 0'] },
  'many small headers': { ...followed(get(hosted + 'X: y\r\n'.repeat(2_000))), told: ['first 0', 'next 0'] },
  'a whole address, whose host counts and not the header': { ...followed(get('Host: other\r\n', 'http://HOST/echo?n=first')), told: ['first 0', 'next 0'] },
  'an upgrade that is not for us as an ordinary request': { ...followed(get(`${hosted}Connection: Upgrade\r\nUpgrade: h2c\r\n`)), told: ['first 0', 'next 0'] },
  'a connection that HTTP/1.0 keeps': { pieces: [`GET /echo?n=first HTTP/1.0\r\n${hosted}Connection: keep-alive\r\n\r\n`, next], told: ['first 0', 'next 0'] },
}
