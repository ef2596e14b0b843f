import { ImprunError } from '@imprun/contracts'

const named = (name: string | undefined, message: string) => (name === undefined ? {} : { errors: [{ field: `dependencies.${name}`, message }] })

export const packageNotFound = (name: string | undefined) =>
  new ImprunError(
    'PACKAGE_NOT_FOUND',
    `The registry has no package ${name === undefined ? 'of one of these names' : `"${name}"`}. Check the spelling, or sign in to its registry.`,
    named(name, 'The registry has no package of this name.'),
  )

export const packageVersionNotFound = (name: string | undefined, detail: string) =>
  new ImprunError(
    'PACKAGE_VERSION_NOT_FOUND',
    `${detail} Choose another range, or "latest".`,
    named(name, 'No published version of this package is in this range.'),
  )

export const packagesConflicting = (detail: string) =>
  new ImprunError('PACKAGES_CONFLICTING', `These packages ask for each other in versions that do not fit: ${detail} Change one of the ranges.`)

export const packagesTooLarge = (bytesMax: number) =>
  new ImprunError('PACKAGES_TOO_LARGE', `Installed, these packages have more than ${bytesMax / 1024 / 1024} MiB. Declare fewer, or smaller ones.`, {
    facts: { bytesMax },
  })

export const packageSourceRefused = (place: string) =>
  new ImprunError(
    'PACKAGES_NOT_INSTALLED',
    `"${place}" comes from a git repository, a file or a web address. Only packages of the registry are installed; choose another one.`,
  )

export const registryUnreachable = () =>
  new ImprunError(
    'REGISTRY_UNREACHABLE',
    'The npm registry does not answer. Check the network and the registry in the npm settings of the backend, then try again.',
    {
      retryAfterS: 5,
    },
  )

export const installationTooSlow = (timeoutMs: number) =>
  new ImprunError('REGISTRY_UNREACHABLE', `Installing took longer than ${timeoutMs / 1000} s and was stopped. Try again, or declare fewer packages.`, {
    retryAfterS: 5,
  })

export const packagesNotInstalled = (detail: string) => new ImprunError('PACKAGES_NOT_INSTALLED', `npm could not install these packages: ${detail}`)

export const npmMissing = () =>
  new ImprunError('PACKAGES_NOT_INSTALLED', 'The backend finds no npm to install packages with. Install Node.js with npm, and start the backend again.')
