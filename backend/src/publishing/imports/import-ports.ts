/** The texts of a gateway's functions and modules as they are saved now. */
export interface GatewayFiles {
  findCode(gatewayId: string, name: string): Promise<string | undefined>
  listNames(gatewayId: string): Promise<string[]>
}

/** The packages that a gateway declares. */
export interface InstalledPackages {
  lockHash: string
  dependencies: Readonly<Record<string, string>>
  /** Holds `node_modules`. Absolute, without symbolic links; may be missing until `ensure`. */
  folder: string
  /** Brings the folder back where it is missing. @throws REGISTRY_UNREACHABLE and the other refusals of an installation */
  ensure(): Promise<void>
  /** @param place in the folder, for example `node_modules/zod` */
  versionOf(place: string): string
}

export interface GatewayPackages {
  /** @returns undefined when the gateway declares none. */
  find(gatewayId: string): Promise<InstalledPackages | undefined>
}

export interface ImportPorts {
  files: GatewayFiles
  packages: GatewayPackages
}
