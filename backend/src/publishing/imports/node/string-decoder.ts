import stringDecoder from 'node:string_decoder'

export const nodeModule = stringDecoder
