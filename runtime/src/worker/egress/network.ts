import { lookup } from 'node:dns/promises'

/** The way from a name to a connection. A port, so that tests can play a network with public addresses on one machine. */
export interface Network {
  /** All addresses of a name. @throws the system's error */
  resolve(host: string): Promise<string[]>
  /** Where a connection to an address that was allowed goes. */
  route(address: string, port: number): { address: string; port: number }
}

export const systemNetwork: Network = {
  async resolve(host) {
    // The system's own way, so that names mean what they mean to everything else on the machine.
    const found = await lookup(host, { all: true })
    return found.map(({ address }) => address)
  },
  route: (address, port) => ({ address, port }),
}
