import { hostCalls } from '../../bridge.ts'
import { callHost } from '../host.ts'
import { bytesOfBlob, File } from './blob.ts'
import { bytesToLatin1, decodeUtf8, encodeUtf8, joinBytes, latin1ToBytes } from './bytes.ts'
import { FormData } from './form-data.ts'

/** Beyond it a body is hardly a form: each part costs objects that its bytes do not pay for. */
const partsMax = 1000
const boundaryRandomBytes = 12

/** @throws TypeError when the body is no multipart/form-data of that content type */
export function parseMultipart(body: string, contentType: string): FormData {
  const boundary = /;\s*boundary=(?:"([^"]{1,200})"|([^\s;,"]{1,200}))/i.exec(contentType)
  const mark = boundary?.[1] ?? boundary?.[2]
  if (mark === undefined) throw new TypeError('The content type names no boundary.')
  const form = new FormData()
  // What stands before the first mark is no part.
  let at = body.startsWith(`--${mark}`) ? mark.length + 2 : nextMark(body, mark, 0).end
  for (let parts = 0; ; parts++) {
    if (body.startsWith('--', at)) return form
    if (parts >= partsMax) throw new TypeError(`It has more than ${partsMax} parts.`)
    if (!body.startsWith('\r\n', at)) throw new TypeError('A boundary is not followed by a line break.')
    const part = nextMark(body, mark, at)
    // From the line break on, because a part without headers begins with the empty line that ends them.
    addPart(form, body.slice(at, part.start))
    at = part.end
  }
}

function nextMark(body: string, mark: string, from: number): { start: number; end: number } {
  const start = body.indexOf(`\r\n--${mark}`, from)
  if (start === -1) throw new TypeError('It ends before its last boundary.')
  return { start, end: start + mark.length + 4 }
}

function addPart(form: FormData, part: string): void {
  const headEnd = part.indexOf('\r\n\r\n')
  if (headEnd === -1) throw new TypeError('A part has no end of its headers.')
  const head = part.slice(0, headEnd)
  const content = part.slice(headEnd + 4)
  const disposition = /\r\ncontent-disposition:[ \t]*form-data([^\r]*)/i.exec(head)?.[1]
  const name = disposition === undefined ? undefined : parameterOf(disposition, 'name')
  if (name === undefined) throw new TypeError('A part has no name.')
  const fileName = parameterOf(disposition ?? '', 'filename')
  if (fileName === undefined) return form.append(name, decodeUtf8(latin1ToBytes(content)))
  const type = /\r\ncontent-type:[ \t]*([^\r]*)/i.exec(head)?.[1]?.trim() ?? 'text/plain'
  form.append(name, new File([latin1ToBytes(content)], fileName, { type }))
}

/** Browsers write names as UTF-8 in quotes, with three characters escaped. */
function parameterOf(disposition: string, parameter: string): string | undefined {
  const found = new RegExp(`;[ \\t]*${parameter}=(?:"([^"]*)"|([^\\s;"]+))`, 'i').exec(disposition)
  const text = found?.[1] ?? found?.[2]
  return text === undefined ? undefined : decodeUtf8(latin1ToBytes(text)).replace(/%(22|0D|0A)/gi, (escaped) => unescapes[escaped.toUpperCase()] ?? escaped)
}
const unescapes: Record<string, string> = { '%22': '"', '%0D': '\r', '%0A': '\n' }
const escapes: Record<string, string> = { '"': '%22', '\r': '%0D', '\n': '%0A' }
const escapeName = (name: string): string => name.replace(/["\r\n]/g, (char) => escapes[char] ?? char)

export function encodeMultipart(form: FormData): { content: Uint8Array; contentType: string } {
  const random = callHost(hostCalls.random, boundaryRandomBytes) as string
  const boundary = `----imprun${Array.from(random, (char) => char.charCodeAt(0).toString(16).padStart(2, '0')).join('')}`
  const parts: Uint8Array[] = []
  for (const [name, value] of form) {
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(name)}"`
    if (typeof value === 'string') parts.push(encodeUtf8(`${head}\r\n\r\n${value.replace(/\r\n?|\n/g, '\r\n')}\r\n`))
    else {
      const type = value.type || 'application/octet-stream'
      parts.push(encodeUtf8(`${head}; filename="${escapeName(value.name)}"\r\nContent-Type: ${type}\r\n\r\n`), bytesOfBlob(value), encodeUtf8('\r\n'))
    }
  }
  parts.push(encodeUtf8(`--${boundary}--\r\n`))
  return { content: joinBytes(parts), contentType: `multipart/form-data; boundary=${boundary}` }
}

export function parseMultipartBytes(bytes: Uint8Array, contentType: string): FormData {
  return parseMultipart(bytesToLatin1(bytes), contentType)
}
