import path from 'node:path'

export const nodeModule = path
