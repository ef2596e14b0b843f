import { ImprunError, type Release } from '@imprun/contracts'
import { toPage } from '../database/paging.ts'
import type { FunctionLookup } from '../functions/function-lookup.ts'
import type { StoredFunction } from '../functions/function-store.ts'
import type { Handlers } from '../http/handlers.ts'
import { compareReleases } from './compare-releases.ts'
import type { ListedRelease, ReleaseStore, StoredRelease } from './release-store.ts'

export function toReleaseView(stored: ListedRelease | StoredRelease): Release {
  return {
    releaseId: stored._id,
    gatewayId: stored.gatewayId,
    functionId: stored.functionId,
    functionName: stored.functionName,
    version: stored.version,
    ...(stored.notes === undefined ? {} : { notes: stored.notes }),
    hash: stored.hash,
    ...(stored.imports ? { imports: stored.imports } : {}),
    ...(stored.packages ? { packages: stored.packages } : {}),
    ...(stored.variables ? { variables: stored.variables } : {}),
    ...('source' in stored ? { source: stored.source } : {}),
    createdAt: stored.createdAt.toISOString(),
    createdBy: stored.createdBy.name,
  }
}

interface ReleaseRoutesDeps {
  lookup: FunctionLookup
  releases: ReleaseStore
}

export function createReleaseRoutes({ lookup, releases }: ReleaseRoutesDeps): Pick<Handlers, 'listReleases' | 'getRelease' | 'compareReleases'> {
  const getOf = async ({ _id, name }: Pick<StoredFunction, '_id' | 'name'>, releaseId: string): Promise<StoredRelease> => {
    const release = await releases.find(releaseId)
    if (release?.functionId === _id) return release
    throw new ImprunError('RELEASE_NOT_FOUND', `Function "${name}" has no release ${releaseId}. Its releases are listed in its history.`)
  }
  return {
    async listReleases({ params, query, account }) {
      const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
      const rows = await releases.list(stored._id, query)
      return toPage(rows, query.limit, ({ sequence }) => String(sequence), toReleaseView)
    },
    async getRelease({ params, account }) {
      const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
      return toReleaseView(await getOf(stored, params.releaseId))
    },
    async compareReleases({ params, query, account }) {
      const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
      const [from, to] = await Promise.all([getOf(stored, query.from), getOf(stored, params.releaseId)])
      return { from: toReleaseView(from), to: toReleaseView(to), ...compareReleases(from, to) }
    },
  }
}
