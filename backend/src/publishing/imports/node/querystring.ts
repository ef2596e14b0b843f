import querystring from 'node:querystring'

export const nodeModule = { ...querystring, parse: querystring.parse, stringify: querystring.stringify }
