import { strict as assert } from 'node:assert'
import { isImprunError } from '@imprun/contracts'
import { readExportedLiterals } from './exported-literals.ts'

const names = ['default', 'schedule', 'timeZone']
const read = (source: string) => readExportedLiterals('report.ts', source, names)

describe('exported literals', () => {
  it('are read with their places, however they are quoted and typed', async () => {
    assert.deepEqual(await read("import type { A } from './a'\nexport const schedule: string = '0 9 * * *' as const,\n  timeZone = `Asia/Seoul`\n"), {
      schedule: { value: '0 9 * * *', line: 2, column: 33 },
      timeZone: { value: 'Asia/Seoul', line: 3, column: 14 },
    })
  })

  it('are found where a constant is exported by its name', async () => {
    assert.deepEqual(await read('const every = "* * * * *"\nconst zone = "UTC"\nexport { every as schedule, zone as timeZone }'), {
      schedule: { value: '* * * * *', line: 1, column: 15 },
      timeZone: { value: 'UTC', line: 2, column: 14 },
    })
  })

  for (const [form, source, place] of [
    ['something computed', 'export const schedule = minutes.join(" ")\nexport const timeZone = "UTC"', [1, 25]],
    ['a variable', 'export let schedule = "* * * * *"\nexport const timeZone = "UTC"', [1, 12]],
    ['another file', 'export const timeZone = "UTC"\nexport { schedule } from "./_lib/times"', [2, 10]],
    ['a number', 'export const timeZone = "UTC"\nexport const schedule = 5', [2, 25]],
  ] as const) {
    it(`refuses ${form}, at its place`, async () => {
      await assert.rejects(read(source), (error) => {
        assert.ok(isImprunError(error))
        const [fault, ...others] = error.errors ?? []
        assert.deepEqual([error.code, fault?.file, fault?.line, fault?.column, others.length], ['CODE_NOT_COMPILING', 'report.ts', ...place, 0])
        return true
      })
    })
  }

  it('are not looked for when nothing of these names is exported', async () => {
    assert.deepEqual(await readExportedLiterals('report.ts', 'this is not parsed', ['default']), {})
  })
})
