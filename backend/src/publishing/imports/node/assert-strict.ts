import assert from 'node:assert'

export const nodeModule = assert.strict
