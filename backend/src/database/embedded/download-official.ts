import { join } from 'node:path'

/**
 * The official build for this system, with its checksum verified.
 * @returns the path of `mongod`. @throws the downloader's error.
 */
export async function downloadOfficial(cacheFolder: string): Promise<string> {
  // Loaded only here: most starts need no download, and the package is large.
  const { MongoBinary } = await import('mongodb-memory-server-core')
  return MongoBinary.getPath({ downloadDir: join(cacheFolder, 'mongodb-official'), checkMD5: true, systemBinary: '' })
}
