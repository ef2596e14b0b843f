import type { Agent } from 'undici'
import { createEgressRules, databaseHostsOf, type EgressLists, type EgressRules } from './egress-rules.ts'
import type { Network } from './network.ts'

/** The worker's way into the outside world, with the rules of its environment. */
export interface EgressAccess {
  /** From here on; connections made under the old rules are not used again. */
  setLists(lists: EgressLists): void
  open(): Promise<{ rules: EgressRules; client: Agent }>
}

/** To one host and port; more requests wait. */
const connectionsMax = 32

/** @param dataUri of the environment's database, which no function reaches by fetch */
export function createEgressAccess(dataUri: string, network: Network, lists: EgressLists): EgressAccess {
  const databaseHosts = databaseHostsOf(dataUri)
  let current = lists
  let rules = createEgressRules(lists, databaseHosts)
  let client: Promise<Agent> | undefined
  return {
    setLists(next) {
      if (JSON.stringify(next) === JSON.stringify(current)) return
      current = next
      rules = createEgressRules(next, databaseHosts)
      const old = client
      client = undefined
      old?.then((agent) => agent.close()).catch(() => undefined)
    },
    async open() {
      const held = rules
      client ??= createClient(held, network)
      return { rules: held, client: await client }
    },
  }
}

/** The HTTP client is loaded with the first fetch: most workers never need it, and a spare must start in a fraction of a second. */
async function createClient(rules: EgressRules, network: Network): Promise<Agent> {
  const [{ Agent }, { createConnector }] = await Promise.all([import('undici'), import('./connector.ts')])
  return new Agent({ connect: createConnector(rules, network), connections: connectionsMax, pipelining: 1 })
}
