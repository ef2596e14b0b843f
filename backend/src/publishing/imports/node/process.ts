import { processObject } from './process-object.ts'

export const nodeModule = processObject
