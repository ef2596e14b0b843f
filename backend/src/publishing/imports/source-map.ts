import { gatewayNamespace, withoutNamespace } from '../build-faults.ts'

interface Map3 {
  sources: string[]
  sourcesContent?: (string | null)[]
}

/** The author's files under their own names and with their texts; of packages the names alone: their texts are long, and anybody can look them up. */
export function tidySourceMap(text: string): string {
  const map = JSON.parse(text) as Map3
  const isAuthors = map.sources.map((source) => source.startsWith(`${gatewayNamespace}:`))
  const sourcesContent = map.sourcesContent?.map((content, index) => (isAuthors[index] ? content : null))
  return JSON.stringify({ ...map, sources: map.sources.map(withoutNamespace), ...(sourcesContent ? { sourcesContent } : {}) })
}
