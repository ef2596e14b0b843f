import stream from 'node:stream'

export const nodeModule = stream.promises
