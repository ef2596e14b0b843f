import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Document } from 'mongodb'
import { type WireMessage, WireReader } from './wire-messages.ts'

export type Direction = 'toServer' | 'toClient'

/** A command on its way to MongoDB, or its answer on the way back. */
export interface Crossing {
  readonly direction: Direction
  /** As the client named itself when it connected. */
  readonly appName: string
  readonly name: string
  readonly database: string
  readonly command: Document
  /** Only on the way back. */
  readonly reply?: Document | undefined
}

/** What is returned is waited for before the message goes on; undefined lets it pass. */
export type Rule = (crossing: Crossing) => Promise<unknown> | undefined

export interface FaultProxy extends AsyncDisposable {
  /** The address of the same MongoDB, reached through here. */
  readonly uri: string
  /** Has every message pass the rule, until disposed of; what waits then goes on waiting. */
  interfere(rule: Rule): Disposable
  /** Breaks connections whose last command is such a one. @returns how many */
  cut(which: (last: Crossing) => boolean): number
  /** Takes no connections any more and breaks those there are, until disposed of. */
  refuse(): Disposable
}

/** True of what a backend's change stream says and hears. */
export const isOfChangeStream = ({ name, command }: Crossing): boolean =>
  (name === 'getMore' && command.collection === '$cmd.aggregate') ||
  (name === 'aggregate' && (command.pipeline as Document[] | undefined)?.[0]?.$changeStream !== undefined)

export const isOfBackend = ({ appName }: Crossing): boolean => appName.startsWith('imprun-backend')

/** Stands between clients and a MongoDB, and understands enough of what passes to say at which command something goes wrong. */
export async function givenFaultProxy(mongoUri: string): Promise<FaultProxy> {
  const { host, port } = addressOf(mongoUri)
  const rules = new Set<Rule>()
  const links = new Set<Link>()
  let isRefusing = false
  const server = createServer({ noDelay: true }, (client) => {
    if (isRefusing) return void client.destroy()
    const link = new Link(client, connect({ host, port, noDelay: true }), rules)
    links.add(link)
    void link.run().finally(() => links.delete(link))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const breakAll = (which: (link: Link) => boolean) => {
    const those = [...links].filter(which)
    for (const link of those) link.break()
    return those.length
  }
  return {
    uri: throughProxy(mongoUri, (server.address() as AddressInfo).port),
    interfere(rule) {
      rules.add(rule)
      return { [Symbol.dispose]: () => void rules.delete(rule) }
    },
    cut: (which) => breakAll(({ last }) => last !== undefined && which(last)),
    refuse() {
      isRefusing = true
      breakAll(() => true)
      return {
        [Symbol.dispose]() {
          isRefusing = false
        },
      }
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      breakAll(() => true)
      await closed
    },
  }
}

/** One connection of a client, and its counterpart. */
class Link {
  last: Crossing | undefined
  #appName = ''
  readonly #client: Socket
  readonly #server: Socket
  readonly #rules: ReadonlySet<Rule>
  readonly #asked = new Map<number, Crossing>()

  constructor(client: Socket, server: Socket, rules: ReadonlySet<Rule>) {
    this.#client = client
    this.#server = server
    this.#rules = rules
  }

  /** Settles when the connection is over, for whatever reason. */
  async run(): Promise<void> {
    const toServer = this.#pass(this.#client, this.#server, (message) => this.#asks(message))
    const toClient = this.#pass(this.#server, this.#client, (message) => this.#answers(message))
    await Promise.race([toServer, toClient].map((passing) => passing.catch(() => {})))
    this.break()
  }

  break(): void {
    this.#client.destroy()
    this.#server.destroy()
  }

  async #pass(from: Socket, to: Socket, crossingOf: (message: WireMessage) => Crossing | undefined): Promise<void> {
    const reader = new WireReader()
    to.on('error', () => {})
    for await (const chunk of from) {
      for (const message of reader.read(chunk as Buffer)) {
        const crossing = crossingOf(message)
        if (crossing) for (const rule of [...this.#rules]) await rule(crossing)
        if (!to.destroyed) to.write(message.bytes)
      }
    }
  }

  #asks(message: WireMessage): Crossing | undefined {
    const command = message.readBody()
    if (!command) return undefined
    const [name = ''] = Object.keys(command)
    this.#appName = String((command.client as Document | undefined)?.application?.name ?? this.#appName)
    const crossing: Crossing = { direction: 'toServer', appName: this.#appName, name, database: String(command.$db ?? ''), command }
    this.#asked.set(message.requestId, crossing)
    this.last = crossing
    return crossing
  }

  #answers(message: WireMessage): Crossing | undefined {
    const asked = this.#asked.get(message.responseTo)
    if (!asked) return undefined
    this.#asked.delete(message.responseTo)
    return { ...asked, direction: 'toClient', reply: message.readBody() }
  }
}

function addressOf(uri: string): { host: string; port: number } {
  const [, host = '', port = ''] = /@([^:/?]+):(\d+)/.exec(uri) ?? []
  return { host, port: Number(port) }
}

/** A client that asked the replica set for its members would find the way around. */
const throughProxy = (uri: string, port: number): string => uri.replace(/@[^/?]+/, `@127.0.0.1:${port}`).replace(/replicaSet=[^&]*/, 'directConnection=true')
