import util from 'node:util'

export const nodeModule = util.types
