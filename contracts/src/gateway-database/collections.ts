/** Names of the collections of a gateway's database that imprun itself writes (design: Databases). Functions never reach a name that begins with `__`. */
export const gatewayCollections = {
  counters: '__counters',
  publishedFunctions: '__published_functions',
  environments: '__environments',
  variables: '__variables',
  credentials: '__credentials',
  runtimes: '__runtimes',
  logs: '__logs',
  runs: '__runs',
  stats: '__stats',
  canaryCounts: '__canary_counts',
  schedules: '__schedules',
} as const
/** What a front re-reads after a bell; every document of these carries `environment` and `revision`. */
export const belledCollections = [
  gatewayCollections.publishedFunctions,
  gatewayCollections.environments,
  gatewayCollections.variables,
  gatewayCollections.credentials,
] as const
/** The one document of `__counters`: { _id: 'revision', value }. It is raised in the same transaction as the write it numbers, so revisions become visible in rising order. */
export const revisionCounterId = 'revision'
