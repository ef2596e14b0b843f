/** A file of the gateway that was bundled beside the function's own. */
export interface ImportedFile {
  /** `<name>.ts` */
  file: string
  /** sha256 of the source, hex. */
  hash: string
  source: string
}

export interface BundledPackages {
  /** Of the gateway's lock at that time: sha256, hex. */
  lockHash: string
  /** What is in the bundle, by name. One name may be there in two versions. */
  versions: { name: string; version: string }[]
}
