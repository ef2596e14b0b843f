import punycode from 'node:punycode'

export const nodeModule = punycode
