import { request } from 'node:http'
import { fileURLToPath } from 'node:url'
import { eventually } from '../../runtime/test/support/eventually.ts'
import type { GivenMongo } from '../../runtime/test/support/given-mongo.ts'
import { type GivenEnvironment, type GivenRuntime, givenEnvironment, givenRuntime } from '../../runtime/test/support/given-runtime.ts'
import { taxBody, taxSource } from '../peers/tax.ts'
import type { LoadTarget } from './load.ts'
import { type PeerProcess, startPeer } from './peer-process.ts'

export interface ServedTax {
  runtime: GivenRuntime
  environment: GivenEnvironment
  target: LoadTarget
}

export const taxHeaders = { 'content-type': 'application/json' }
/** As an author would write it, in the form that the peers run as well. */
export const taxFunction = `${taxSource}\nexport default tax`

/** The whole path at the runtime's port: found by its host, a key asked for, limits and timeouts on, logs written; the function behind it runs in its isolate. */
export async function serveTax(mongo: GivenMongo, variables: Record<string, string> = {}): Promise<ServedTax & AsyncDisposable> {
  await using starting = new AsyncDisposableStack()
  const runtime = starting.use(await givenRuntime(mongo, { IMPRUN_LOG_LEVEL: 'info', ...variables }))
  const environment = await givenEnvironment(runtime, mongo)
  const target = await publishTax(environment)
  const started = starting.move()
  return { runtime, environment, target, [Symbol.asyncDispose]: () => started.disposeAsync() }
}

/** Publishes the function in an environment and gives the caller a key. @param served settles when the environment is served with it */
export async function publishTax(environment: GivenEnvironment, served?: () => Promise<void>): Promise<LoadTarget> {
  await environment.publish('tax', taxFunction)
  const { key } = await environment.grant()
  const revision = await environment.configure({ authType: 'key-auth' })
  await (served?.() ?? environment.acknowledged(revision))
  const headers = { ...taxHeaders, Host: environment.host, apikey: key }
  await eventually(() => expectAnswer({ url: environment.url('/tax'), body: taxBody, headers }))
  return { url: `http://127.0.0.1:${environment.runtime.port}/tax`, body: taxBody, headers }
}

export const rawTarget = (peer: PeerProcess): LoadTarget => ({ url: peer.url, body: taxBody, headers: taxHeaders })
const startYardstick = (file: string): Promise<PeerProcess> =>
  startPeer(() => ({ command: process.execPath, args: [fileURLToPath(new URL(`../peers/${file}`, import.meta.url))] }))
export const startRaw = (): Promise<PeerProcess> => startYardstick('raw.ts')
/** The same with the function in a second process. */
export const startRawInTwo = (): Promise<PeerProcess> => startYardstick('raw-two.ts')

const expected = '{"taxable":190000,"tax":21080,"net":228920}'
/** @throws Error when the target does not answer what the function answers: the bench would compare apples with nothing */
export async function expectAnswer({ url, body, headers }: LoadTarget): Promise<void> {
  const response = await fetch(url, { method: 'POST', body, headers })
  const text = await response.text()
  if (response.status !== 200 || text !== expected) throw new Error(`${url} answered ${response.status} ${text.slice(0, 200)}`)
}

/** One request with the target's own headers, the host among them, which `fetch` would set by itself. */
export function callOnce({ url, body, headers }: LoadTarget): Promise<void> {
  return new Promise((resolve) => {
    const sent = request(url, { method: 'POST', headers: { ...headers, 'Content-Length': Buffer.byteLength(body) } }, (response) =>
      response.resume().on('close', () => resolve()),
    )
    sent.on('error', () => resolve())
    sent.end(body)
  })
}
