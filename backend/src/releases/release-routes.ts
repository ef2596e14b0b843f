import { ImprunError, type Release } from '@imprun/contracts'
import { toPage } from '../database/paging.ts'
import type { FunctionLookup } from '../functions/function-lookup.ts'
import type { Handlers } from '../http/handlers.ts'
import type { ListedRelease, ReleaseStore, StoredRelease } from './release-store.ts'

export function toReleaseView(stored: ListedRelease | StoredRelease): Release {
  return {
    releaseId: stored._id,
    gatewayId: stored.gatewayId,
    functionId: stored.functionId,
    functionName: stored.functionName,
    version: stored.version,
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

export function createReleaseRoutes({ lookup, releases }: ReleaseRoutesDeps): Pick<Handlers, 'listReleases' | 'getRelease'> {
  return {
    async listReleases({ params, query, account }) {
      const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
      const rows = await releases.list(stored._id, query)
      return toPage(rows, query.limit, ({ sequence }) => String(sequence), toReleaseView)
    },
    async getRelease({ params, account }) {
      const { stored } = await lookup.getOwned(params.gatewayId, params.functionId, account.userId)
      const release = await releases.find(params.releaseId)
      if (!release || release.functionId !== stored._id) {
        throw new ImprunError('RELEASE_NOT_FOUND', `Function "${stored.name}" has no release ${params.releaseId}. Its releases are listed in its history.`)
      }
      return toReleaseView(release)
    },
  }
}
