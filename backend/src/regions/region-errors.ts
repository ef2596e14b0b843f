import { ImprunError } from '@imprun/contracts'

export const regionNotFound = (regionId: string) => new ImprunError('REGION_NOT_FOUND', `There is no region "${regionId}". GET /regions lists those there are.`)

export const regionIdTaken = (regionId: string) => new ImprunError('REGION_ID_TAKEN', `The region id "${regionId}" is taken. Choose another one.`)

export const regionInUse = (regionId: string, gatewayIds: readonly string[]) =>
  new ImprunError('REGION_IN_USE', `Region "${regionId}" still has gateways: ${gatewayIds.join(', ')}. Delete them first.`, {
    facts: { gatewayIds: [...gatewayIds] },
  })

export const regionNotRemovable = (regionId: string) =>
  new ImprunError('REGION_IN_USE', `Region "${regionId}" is where gateways go that name none. It stays; set its runtimes to 0 to have none there.`)
