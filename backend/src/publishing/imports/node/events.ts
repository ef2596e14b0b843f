import events from 'node:events'

export const nodeModule = events
