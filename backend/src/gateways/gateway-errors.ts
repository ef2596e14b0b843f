import { ImprunError, isImprunError } from '@imprun/contracts'

export const gatewayNotFound = (gatewayId: string) =>
  new ImprunError('GATEWAY_NOT_FOUND', `There is no gateway "${gatewayId}" among yours. Check its id, or create it.`)

/** To a stranger, what belongs to a gateway is as little there as the gateway. */
export async function orNotThere<T>(reaching: Promise<T>, notThere: ImprunError): Promise<T> {
  try {
    return await reaching
  } catch (error) {
    throw isImprunError(error) && error.code === 'GATEWAY_NOT_FOUND' ? notThere : error
  }
}

export const gatewayIdTaken = (gatewayId: string, suggestion: string) =>
  new ImprunError('GATEWAY_ID_TAKEN', `The gateway id "${gatewayId}" is taken. Choose another one, for example "${suggestion}".`, {
    errors: [{ field: 'gatewayId', message: `This id is taken; "${suggestion}" is free.` }],
    facts: { suggestion },
  })

export const gatewayBeingDeleted = (gatewayId: string) =>
  new ImprunError('GATEWAY_BEING_DELETED', `Gateway "${gatewayId}" is being deleted and cannot be changed any more. Its id is free once it is gone.`)

export const gatewayNameNotUsable = (message: string) =>
  new ImprunError('INPUT_INVALID', 'No gateway id can be taken from this name. Choose another name, or give a gatewayId.', {
    errors: [{ field: 'name', message }],
  })

export const regionUnknown = (regionId: string, known: readonly string[]) =>
  new ImprunError('INPUT_INVALID', `There is no region "${regionId}".`, { errors: [{ field: 'regionId', message: `Use one of ${known.join(', ')}.` }] })
