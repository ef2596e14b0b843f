import { strict as assert } from 'node:assert'
import { readRequiredVariables } from './required-variables.ts'

describe('variables that code needs', () => {
  const cases: [string, string, string[]][] = [
    ['a plain read', 'const url: string = imp.env.API_URL!', ['API_URL']],
    ['the alias of Node', 'fetch(process.env.API_URL)', ['API_URL']],
    ['a read by text', "imp.env['API_URL']", ['API_URL']],
    ['destructuring', "const { A, B: b, 'C': c, D = 'x', ...rest } = imp.env", ['A', 'B', 'C']],
    ['several, once each and in order', 'f(imp.env.B, imp.env.A, imp.env.B)', ['A', 'B']],
    ['a default', "f(imp.env.A ?? 'x', imp.env.B || 'y')", []],
    ['a question', "if (imp.env.A) f(); const on = imp.env.B === 'on' ? 1 : !imp.env.C; imp.env.D?.trim(); 'E' in imp.env", []],
    ['a question before a use', "if (!imp.env.A) throw new Error('no A'); f(imp.env.A)", ['A']],
    ['the right side of a default', 'f(imp.env.A ?? imp.env.B)', ['B']],
    ['optional steps to it', 'f(imp?.env?.A)', ['A']],
    ['comments and texts', "// imp.env.A\nconst text = 'imp.env.B'; /* process.env.C */", []],
    ['what only looks like it', 'f(other.env.A, imp.environment, imp.env)', []],
    ['a computed name', 'f(imp.env[name])', []],
    ['types of TypeScript', 'const f = <T,>(x: T): T => x; f<string>(imp.env.A as string)', ['A']],
  ]
  for (const [what, source, names] of cases) {
    it(`${names.length > 0 ? 'finds' : 'finds none in'} ${what}`, async () => {
      assert.deepEqual(await readRequiredVariables([`export default () => {\n${source}\n}`]), names)
    })
  }
  it('looks into every file', async () => {
    assert.deepEqual(await readRequiredVariables(['imp.env.B', 'export const rate = imp.env.A']), ['A', 'B'])
  })
})
