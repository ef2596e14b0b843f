const urlCharsMax = 65_536
const settableParts = ['href', 'protocol', 'username', 'password', 'host', 'hostname', 'port', 'pathname', 'search', 'hash'] as const

/** The guest's URL class keeps these parts, one per line in this order; a URL has no line breaks. */
function toLines(url: URL): string {
  return [url.href, url.origin, url.protocol, url.username, url.password, url.host, url.hostname, url.port, url.pathname, url.search, url.hash].join('\n')
}

export function parseUrl(url: unknown, base: unknown): string | undefined {
  if (typeof url !== 'string' || url.length > urlCharsMax) return undefined
  const parsed = URL.parse(url, typeof base === 'string' && base.length <= urlCharsMax ? base : undefined)
  return parsed === null ? undefined : toLines(parsed)
}

export function changeUrl(href: unknown, part: unknown, value: unknown): string | undefined {
  if (typeof href !== 'string' || typeof value !== 'string' || href.length + value.length > urlCharsMax) return undefined
  const name = settableParts.find((each) => each === part)
  const url = URL.parse(href)
  if (name === undefined || url === null) return undefined
  try {
    url[name] = value
  } catch {
    return undefined
  }
  return toLines(url)
}
