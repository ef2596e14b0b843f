import { strict as assert } from 'node:assert'
import { once } from 'node:events'
import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { type ControlReply, type ControlRequest, controlReplySchema } from '@imprun/contracts'

type WithoutId<T> = T extends unknown ? Omit<T, 'id'> : never

export interface GivenControl {
  readonly port: number
  /** @returns the reply `done` @throws AssertionError with the code and text of a refusal */
  ask(request: WithoutId<ControlRequest>): Promise<Extract<ControlReply, { type: 'done' }>>
  /** The same without judging the reply. */
  say(request: WithoutId<ControlRequest>): Promise<ControlReply>
  /** Settles when the runtime closed the connection. */
  readonly closed: Promise<unknown>
  close(): void
}

/** A connection to a runtime's control socket, in the driver's place. @throws when the token is refused */
export async function connectControl(path: string, token: string): Promise<GivenControl> {
  const socket = connect(path)
  await once(socket, 'connect')
  const waiting = new Map<number, (reply: ControlReply) => void>()
  let lastId = 0
  createInterface({ input: socket }).on('line', (line) => {
    const reply = controlReplySchema.parse(JSON.parse(line))
    waiting.get(reply.id)?.(reply)
    waiting.delete(reply.id)
  })
  socket.on('error', () => {})
  const closed = once(socket, 'close')
  const say = (request: WithoutId<ControlRequest>): Promise<ControlReply> => {
    lastId += 1
    const id = lastId
    socket.write(`${JSON.stringify({ ...request, id })}\n`)
    return Promise.race([
      new Promise<ControlReply>((resolve) => waiting.set(id, resolve)),
      closed.then((): ControlReply => ({ type: 'refused', id, code: 'CLOSED', message: 'The connection was closed.' })),
    ])
  }
  const ask: GivenControl['ask'] = async (request) => {
    const reply = await say(request)
    if (reply.type === 'refused') assert.fail(`${reply.code}: ${reply.message}`)
    return reply
  }
  const { port } = await ask({ type: 'hello', token })
  return { port, ask, say, closed, close: () => socket.destroy() }
}
