import { connect } from 'node:net'
import type { AuditRecord } from '../../src/audit/audit-store.ts'
import { type ConnectedDatabase, connectDatabase } from '../../src/database/database.ts'
import { createFakeDriver } from './fake-driver.ts'
import { type GivenBackend, type GivenBackendOptions, givenBackend } from './given-backend.ts'
import { givenMongo } from './given-mongo.ts'

export interface GivenApi extends GivenBackend {
  database: ConnectedDatabase
  /** Every audit record, oldest first. */
  auditRecords(): Promise<AuditRecord[]>
  /** Sends bytes as they are and reads until the server hangs up: for what no client would send. */
  sendRaw(text: string): Promise<string>
}

/** The backend with a driver that starts nothing: for what HTTP alone is asked. */
export async function givenApi(options: GivenBackendOptions = {}): Promise<GivenApi> {
  await using stack = new AsyncDisposableStack()
  const mongo = stack.use(await givenMongo())
  const database = stack.adopt(await connectDatabase(mongo.uri), (connected) => connected.close())
  const backend = stack.use(await givenBackend({ createDriver: createFakeDriver, ...options }))
  const held = stack.move()
  return Object.assign(backend, {
    database,
    auditRecords: () => database.sys.collection<AuditRecord>('auditLog').find().sort({ _id: 1 }).toArray(),
    sendRaw: (text: string) => sendRaw(Number(new URL(backend.connection.apiUrl).port), text),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  })
}

function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk
    })
    socket.on('end', () => resolve(answer))
    socket.on('error', reject)
  })
}
