import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

export interface PackageFixture {
  name: string
  version: string
  /** Beside name and version. */
  manifest?: Record<string, unknown>
  /** By path in the package; package.json is made. */
  files: Record<string, string>
}

interface Packed extends PackageFixture {
  tarball: Buffer
}

/** An npm registry on a port of its own: it speaks what npm asks for, and has the packages it is given. */
export async function givenRegistry(fixtures: readonly PackageFixture[]) {
  const folder = await mkdtemp(path.join(tmpdir(), 'imprun-registry-'))
  const packed = await Promise.all(fixtures.map((fixture, index) => pack(fixture, path.join(folder, String(index)))))
  const asked: string[] = []
  const server = createServer((req, res) => {
    const wanted = decodeURIComponent((req.url ?? '/').slice(1))
    asked.push(wanted)
    const tarball = packed.find((each) => wanted === tarballName(each))?.tarball
    if (tarball) return res.end(tarball)
    const versions = packed.filter(({ name }) => name === wanted)
    if (versions.length === 0) return res.writeHead(404, { 'content-type': 'application/json' }).end('{"error":"Not found"}')
    return res.setHeader('content-type', 'application/json').end(JSON.stringify(packument(wanted, versions, url())))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

  return {
    url: url(),
    /** What was asked for so far. */
    asked,
    /** For a backend: npm knows this registry alone, and none of the user's own settings. */
    env: { npm_config_registry: url(), npm_config_cache: path.join(folder, 'cache'), npm_config_userconfig: path.join(folder, 'npmrc') },
    /** As if the network were gone. */
    close: async () => {
      server.closeAllConnections()
      if (server.listening) await promisify(server.close.bind(server))()
    },
    async [Symbol.asyncDispose]() {
      await this.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type GivenRegistry = Awaited<ReturnType<typeof givenRegistry>>

const tarballName = ({ name, version }: PackageFixture) => `${name}/-/${name.split('/').at(-1)}-${version}.tgz`

const manifestOf = ({ name, version, manifest }: PackageFixture) => ({ name, version, ...manifest })

async function pack(fixture: PackageFixture, folder: string): Promise<Packed> {
  for (const [name, text] of Object.entries({ 'package.json': JSON.stringify(manifestOf(fixture)), ...fixture.files })) {
    const file = path.join(folder, 'package', name)
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(file, text)
  }
  const file = path.join(folder, 'package.tgz')
  await promisify(execFile)('tar', ['-czf', file, '-C', folder, 'package'])
  return { ...fixture, tarball: await readFile(file) }
}

function packument(name: string, versions: readonly Packed[], url: string) {
  const described = versions.map((each) => {
    const integrity = `sha512-${createHash('sha512').update(each.tarball).digest('base64')}`
    return [each.version, { ...manifestOf(each), dist: { tarball: `${url}/${tarballName(each)}`, integrity } }]
  })
  return { name, 'dist-tags': { latest: versions.at(-1)?.version }, versions: Object.fromEntries(described) }
}
