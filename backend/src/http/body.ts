import { ImprunError } from '@imprun/contracts'
import express, { type Request, type Response } from 'express'

/** Twice the largest code, because JSON writes quotes and line breaks with two characters. */
export const bodyBytesMax = 1024 * 1024

// Types are judged below, and every JSON value is let through: the schema says more about a wrong one than a parser would.
const readJson = express.json({ limit: bodyBytesMax, strict: false, type: () => true })

/** @throws BODY_NOT_JSON, BODY_TOO_LARGE */
export async function readBody(req: Request, res: Response): Promise<unknown> {
  const type = req.headers['content-type']
  const isEmpty = req.headers['transfer-encoding'] === undefined && Number(req.headers['content-length'] ?? 0) === 0
  if (isEmpty) throw new ImprunError('BODY_NOT_JSON', 'Send a JSON object as the body.')
  if (!isJson(type)) throw new ImprunError('BODY_NOT_JSON', `Send the body as "content-type: application/json"${type ? `, not "${type.slice(0, 80)}"` : ''}.`)
  await new Promise<void>((resolve, reject) => readJson(req, res, (error?: unknown) => (error ? reject(toBodyError(error)) : resolve())))
  return req.body
}

const isJson = (type: string | undefined) => /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type ?? '')

function toBodyError(error: unknown): unknown {
  const { type, message } = error as { type?: string; message?: string }
  if (type === 'entity.too.large') return new ImprunError('BODY_TOO_LARGE', `The body may have at most ${bodyBytesMax} bytes.`)
  if (type === 'entity.parse.failed') return new ImprunError('BODY_NOT_JSON', `The body is not JSON: ${message}`)
  if (type === 'encoding.unsupported' || type === 'charset.unsupported') return new ImprunError('BODY_NOT_JSON', `The body cannot be read: ${message}.`)
  if (type === 'request.aborted' || type === 'request.size.invalid') return new ImprunError('BODY_NOT_JSON', 'The body ended too early.')
  return error
}
