/** By the name of Node's module: the file of `node/` that stands in for it. */
export const partNames: ReadonlyMap<string, string> = new Map([
  ['assert', 'assert'],
  ['assert/strict', 'assert-strict'],
  ['buffer', 'buffer'],
  ['crypto', 'crypto'],
  ['events', 'events'],
  ['os', 'os'],
  ['path', 'path'],
  ['path/posix', 'path'],
  ['process', 'process'],
  ['punycode', 'punycode'],
  ['querystring', 'querystring'],
  ['stream', 'stream'],
  ['stream/promises', 'stream-promises'],
  ['string_decoder', 'string-decoder'],
  ['timers', 'timers'],
  ['url', 'url'],
  ['util', 'util'],
  ['util/types', 'util-types'],
])

/** Packages import these and do without what they hold. */
export const stubNames: ReadonlySet<string> = new Set(['constants', 'sys'])

/** The package that stands in for a module of Node's inside the stand-ins. A slash at the end asks npm's for the package of that name. */
export const standInPackages: Readonly<Record<string, string>> = {
  assert: 'assert/',
  buffer: 'buffer/',
  events: 'events/',
  path: 'path-browserify',
  punycode: 'punycode/',
  querystring: 'querystring-es3',
  stream: 'readable-stream',
  string_decoder: 'string_decoder/',
  url: 'url/',
  util: 'util/',
}
