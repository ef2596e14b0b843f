import type { ClientSession } from 'mongodb'
import type { BundledPackages, ImportedFile } from './imports/bundled.ts'
import type { GatewayPackages } from './imports/import-ports.ts'
import { hashOfText } from './imports/trail.ts'

/** What a bundle was made of beside the function's own code. */
export interface BundledInputs {
  imports?: readonly Omit<ImportedFile, 'source'>[]
  packages?: BundledPackages
}

/** Tells whether a bundle would come out the same once more. Asks nobody where nothing was imported. */
export interface ReleaseInputs {
  areCurrent(gatewayId: string, bundled: BundledInputs, session?: ClientSession): Promise<boolean>
}

export interface SavedCodes {
  readCodes(gatewayId: string, names: readonly string[], session?: ClientSession): Promise<Map<string, string>>
}

export function createReleaseInputs({ functions, packages }: { functions: SavedCodes; packages: GatewayPackages }): ReleaseInputs {
  const areFilesCurrent = async (gatewayId: string, imports: NonNullable<BundledInputs['imports']>, session?: ClientSession) => {
    if (imports.length === 0) return true
    const named = new Map(imports.map(({ file, hash }) => [file.slice(0, -'.ts'.length), hash]))
    const codes = await functions.readCodes(gatewayId, [...named.keys()], session)
    return [...named].every(([name, hash]) => {
      const code = codes.get(name)
      return code !== undefined && hashOfText(code) === hash
    })
  }
  return {
    async areCurrent(gatewayId, { imports = [], packages: bundled }, session) {
      if (bundled && (await packages.find(gatewayId))?.lockHash !== bundled.lockHash) return false
      return areFilesCurrent(gatewayId, imports, session)
    },
  }
}
