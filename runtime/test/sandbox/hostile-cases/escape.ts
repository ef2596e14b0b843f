import { type HostileCase, handler } from './hostile-case.ts'

/** Looks through everything that can be reached from `roots` for a way to another world. */
const walk = `const found = [], seen = new Set()
  const look = (value, path, depth) => {
    if (value === null || (typeof value !== 'object' && typeof value !== 'function') || depth > 6 || seen.has(value)) return
    seen.add(value)
    try { const scope = value.constructor?.constructor?.('return globalThis')(); if (scope && scope !== globalThis && typeof scope.Array === 'function') found.push(path + ' leads to another global') } catch {}
    try { if (value !== globalThis && (value.process?.pid || value.mainModule || value.binding)) found.push(path + ' leads to Node') } catch {}
    for (const key of Reflect.ownKeys(value)) { try { look(value[key], path + '.' + String(key), depth + 1) } catch {} }
    try { look(Object.getPrototypeOf(value), path + '.__proto__', depth + 1) } catch {}
  }
  const lines = (error) => String(error && error.stack).split('\\n').filter((line) => /node:|file:|\\/src\\/|isolated-vm/.test(line))`
const nothing = /^\{"found":\[\]/

/** Ways out of the isolate, and into other functions of the environment. */
export const escapes: HostileCase[] = [
  {
    title: 'a walk over all that it is given',
    code: handler(`${walk}
      for (const [name, value] of Object.entries({ req, res, imp, console, crypto, performance, globalThis, setTimeout, URL, fetch, Response, Request, Headers })) look(value, name, 0)
      return { found, seen: seen.size > 300 }`),
    statuses: [200],
    answer: /^\{"found":\[\],"seen":true\}$/,
  },
  {
    title: 'a walk over the errors of the host',
    code: handler(`${walk}
      const tries = [() => new URL('nonsense'), () => imp.db().collection('__x').findOne(), () => imp.db().collection('x').aggregate([{ $out: 'y' }]).toArray(), () => fetch('http://127.0.0.1/'), () => fetch('nonsense:'),
        () => crypto.getRandomValues(new Uint8Array(1e6)), () => imp.db('admin'), () => structuredClone(() => {}), () => atob('%'), () => res.status(9999)]
      for (const attempt of tries) try { await attempt() } catch (error) { look(error, 'error', 0); found.push(...lines(error)) }
      return { found }`),
    statuses: [200],
    answer: nothing,
  },
  {
    title: 'call sites of Error.prepareStackTrace',
    code: handler(`${walk}
      Error.prepareStackTrace = (_error, sites) => sites
      const sites = (() => { try { null.x } catch (error) { return error.stack } })()
      for (const site of Array.isArray(sites) ? sites : []) for (const ask of ['getThis', 'getFunction', 'getEvalOrigin', 'getFileName']) { const value = site[ask]?.(); look(value, ask, 0); if (/node:|\\/src\\//.test(String(value))) found.push(ask) }
      return { found }`),
    statuses: [200],
    answer: nothing,
  },
  {
    title: 'modules, eval and the Function constructor',
    code: handler(`const tries = {
        require: () => globalThis.require('fs'), process: () => process.env, global: () => global.process, imported: () => (0, eval)('import("fs")'), node: () => new Function('return import("node:child_process")')(),
        built: () => new Function('return process')(), evaled: () => (0, eval)('process'), async: () => (async () => {}).constructor('return process')(), generator: () => (function* () {}).constructor('return process')().next(),
        module: () => globalThis.module.constructor._load('fs'), binding: () => globalThis.process.binding('fs'), host: () => __imprunStart,
      }
      const found = []
      for (const [name, attempt] of Object.entries(tries)) try { const got = await attempt(); if (got !== undefined && !(name === 'generator' && got.value === undefined)) found.push(name) } catch {}
      return { found }`),
    statuses: [200],
    answer: nothing,
  },
  {
    title: 'callers of its own functions',
    code: handler(`const found = []
      function ask() { try { if (ask.caller || arguments.callee.caller) found.push('caller') } catch {} }
      ask(); new Function('try { if (arguments.callee.caller?.caller) throw 1 } catch (error) { if (error === 1) this.leaked = true }')()
      return { found, leaked: globalThis.leaked ?? false }`),
    statuses: [200],
    answer: nothing,
  },
  {
    title: 'changes to imp and its parts',
    code: handler(`const tries = [() => { imp.db = () => 'mine' }, () => { delete globalThis.imp }, () => { globalThis.imp = {} }, () => Object.setPrototypeOf(imp, { a: 1 }), () => Object.defineProperty(imp, 'gateway', { value: 'other' }), () => { imp.log.info = () => {} }, () => { imp.env.MINE = 'x' }]
      const passed = []
      tries.forEach((attempt, at) => { try { attempt(); } catch { return } })
      return { found: [typeof imp.db === 'function' && imp.db() !== 'mine' ? [] : 'db', imp.gateway === 'other' ? 'gateway' : [], imp.env.MINE ? 'env' : []].flat() }`),
    statuses: [200],
    answer: nothing,
  },
  {
    title: 'polluted prototypes of everything that the dispatcher uses',
    code: handler(`const boom = () => { throw new Error('polluted') }
      Object.prototype.polluted = 1; Object.prototype.status = 999; Object.prototype.headers = { evil: 'yes' }
      for (const type of [Array, Map, Set, String, RegExp, Promise, Function, Uint8Array, Error, Number]) for (const name of Object.getOwnPropertyNames(type.prototype)) if (name !== 'constructor') try { type.prototype[name] = boom } catch {}
      JSON.stringify = boom; JSON.parse = boom; Reflect.apply = boom; Object.entries = boom; Object.keys = boom; Symbol.iterator.x = 1
      return 'polluted'`),
    statuses: [200, 500, 504],
  },
  {
    title: 'a Promise.prototype.then of its own',
    code: handler('Promise.prototype.then = function () { for (;;) {} }; return "ok"'),
    statuses: [200, 500, 504],
  },
  {
    title: 'a frozen world',
    code: handler(
      'for (const each of [Object.prototype, Array.prototype, Function.prototype, Promise.prototype, globalThis]) try { Object.freeze(each) } catch {} return "ok"',
    ),
    statuses: [200, 500],
  },
  {
    title: 'globals that are gone',
    code: handler('for (const name of Object.getOwnPropertyNames(globalThis)) try { delete globalThis[name] } catch {} return "ok"'),
    statuses: [200, 500, 502],
  },
  {
    title: 'another default export after the load',
    code: 'export default async (req, res) => { globalThis.__exports = { default: () => "other" }; return "mine" }',
    statuses: [200],
    answer: /^mine$/,
  },
  {
    title: 'answers in the place of others',
    code: 'const kept = []\nexport default async (req, res) => { for (const old of kept) try { old.json({ stolen: true }) } catch {} kept.push(res); return res.json({ mine: true }) }',
    statuses: [200],
    answer: /"mine":true/,
  },
]
