import { environmentNames } from '@imprun/contracts'
import { type Environment, environmentKey } from './environment.ts'

/** Which environment a request means: found by its host, or by the first two parts of the path. */
export interface Directory {
  add(environment: Environment): void
  remove(environment: Environment): void
  get(key: string): Environment | undefined
  all(): IterableIterator<Environment>
  find(host: string | undefined, url: string): Found
}
export type Found =
  /** `path` is what remains for the function: path and query inside the environment, beginning with "/". */
  | { is: 'environment'; environment: Environment; path: string }
  | { is: 'unknown'; code: 'GATEWAY_NOT_FOUND' | 'ENVIRONMENT_NOT_FOUND' }
  | { is: 'healthz' }
  | { is: 'readyz' }

const unknownGateway: Found = { is: 'unknown', code: 'GATEWAY_NOT_FOUND' }
const unknownEnvironment: Found = { is: 'unknown', code: 'ENVIRONMENT_NOT_FOUND' }
const healthz: Found = { is: 'healthz' }
const readyz: Found = { is: 'readyz' }

export function createDirectory(baseDomains: readonly string[]): Directory {
  const byHost = new Map<string, Environment>()
  const byKey = new Map<string, Environment>()

  const isGateway = (gatewayId: string): boolean => environmentNames.some((name) => byKey.has(environmentKey(gatewayId, name)))
  /** `<gateway>.<environment>.<base domain>` that nobody has; undefined for a host of another form. */
  const unknownByHost = (host: string): Found | undefined => {
    for (const domain of baseDomains) {
      if (!host.endsWith(`.${domain}`)) continue
      const labels = host.slice(0, -domain.length - 1).split('.')
      if (labels.length === 2) return isGateway(labels[0] as string) ? unknownEnvironment : unknownGateway
    }
    return undefined
  }
  const findByPath = (url: string): Found => {
    const queryAt = url.indexOf('?')
    const path = queryAt < 0 ? url : url.slice(0, queryAt)
    if (path === '/healthz') return healthz
    if (path === '/readyz') return readyz
    const gatewayEnd = path.indexOf('/', 1)
    if (gatewayEnd < 0) return isGateway(path.slice(1)) ? unknownEnvironment : unknownGateway
    const environmentEnd = path.indexOf('/', gatewayEnd + 1)
    const prefixEnd = environmentEnd < 0 ? path.length : environmentEnd
    const environment = byKey.get(path.slice(1, prefixEnd))
    if (environment === undefined) return isGateway(path.slice(1, gatewayEnd)) ? unknownEnvironment : unknownGateway
    const rest = url.slice(prefixEnd)
    return { is: 'environment', environment, path: rest.startsWith('/') ? rest : `/${rest}` }
  }

  return {
    add(environment) {
      byKey.set(environment.key, environment)
      for (const host of environment.assignment.hosts) byHost.set(host, environment)
    },
    remove(environment) {
      if (byKey.get(environment.key) === environment) byKey.delete(environment.key)
      for (const [host, holder] of byHost) if (holder === environment) byHost.delete(host)
    },
    get: (key) => byKey.get(key),
    all: () => byKey.values(),
    find(host, url) {
      if (host === undefined) return findByPath(url)
      const direct = byHost.get(host)
      if (direct !== undefined) return { is: 'environment', environment: direct, path: url }
      const name = hostName(host)
      const environment = byHost.get(name)
      if (environment !== undefined) return { is: 'environment', environment, path: url }
      return unknownByHost(name) ?? findByPath(url)
    },
  }
}

/** Lower case, without port and without the dot that ends a full name. */
function hostName(host: string): string {
  const portAt = host.endsWith(']') ? -1 : host.lastIndexOf(':')
  const name = (portAt < 0 ? host : host.slice(0, portAt)).toLowerCase()
  return name.endsWith('.') ? name.slice(0, -1) : name
}
