import url from 'node:url'

function fileURLToPath(value: string | URL): string {
  const parsed = new URL(value)
  if (parsed.protocol !== 'file:') throw new TypeError('The URL must be of scheme file')
  return decodeURIComponent(parsed.pathname)
}

export const nodeModule = {
  ...url,
  URL: globalThis.URL,
  URLSearchParams: globalThis.URLSearchParams,
  domainToASCII: (domain: string): string => (URL.canParse(`http://${domain}`) ? new URL(`http://${domain}`).hostname : ''),
  fileURLToPath,
  pathToFileURL: (path: string): URL => new URL(`file://${path.split('/').map(encodeURIComponent).join('/')}`),
  urlToHttpOptions: ({ protocol, hostname, hash, search, pathname, href, port, username, password }: URL) => ({
    protocol,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    hash,
    search,
    pathname,
    path: `${pathname}${search}`,
    href,
    ...(port === '' ? {} : { port: Number(port) }),
    ...(username || password ? { auth: `${decodeURIComponent(username)}:${decodeURIComponent(password)}` } : {}),
  }),
}
