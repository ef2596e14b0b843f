import { strict as assert } from 'node:assert'
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { functionTemplates } from '../commands/function-templates.ts'
import { untranslated } from '../ui/translate.ts'
import { generatedFiles, packageTypes } from './generated-files.ts'

const extension = path.join(import.meta.dirname, '..', '..')
const compiler = path.join(extension, '..', 'node_modules', '.bin', 'tsc')

/** The folder of a gateway as the extension writes it, with these functions in it. */
async function faultsOf(functions: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'imprun-types-'))
  try {
    const types = await readFile(path.join(extension, 'types', 'imprun.d.ts'), 'utf8')
    for (const [name, text] of Object.entries({ ...generatedFiles(types), ...functions })) {
      await mkdir(path.dirname(path.join(folder, name)), { recursive: true })
      await writeFile(path.join(folder, name), text)
    }
    await promisify(execFile)(compiler, ['--project', folder, '--pretty', 'false'])
    return ''
  } catch (error) {
    return (error as { stdout?: string }).stdout ?? String(error)
  } finally {
    await rm(folder, { recursive: true })
  }
}

const fromTheDocument = `export default async function calculateTax(req, res) {
  const { income, deductions } = req.body
  if (!income || !deductions) {
    return res.status(400).json({ error: 'Missing required fields' })
  }
  const taxableIncome = income - deductions
  const tax = taxableIncome * 0.22
  await imp.db().collection('tax_calculations').insertOne({ income, deductions, tax, calculatedAt: new Date() })
  return res.json({ tax })
}
`

describe('the types of functions', function () {
  this.timeout(60_000)

  it('find no fault in code without types, nor in any template', async () => {
    const templates = functionTemplates(untranslated).map(({ source }, index) => [`template-${index}.ts`, source('handler')])
    assert.equal(await faultsOf({ 'calculateTax.ts': fromTheDocument, ...Object.fromEntries(templates) }), '')
  })

  it("find no fault in the examples of the author's guide, with types too", async () => {
    const guide = await readFile(path.join(extension, '..', 'docs', 'functions.md'), 'utf8')
    const examples = [...guide.matchAll(/<!-- example: (\S+)(?:(?!-->)[\s\S])*-->\n```ts\n([\s\S]*?)^```$/gm)]
    assert.ok(examples.length > 5)
    const typed = (source: string): string => source.replace(/^(export default .*)\(req, res\)/m, '$1(req: ImprunRequest, res: ImprunResponse)')
    const plain = examples.map(([, name, source = '']) => [`${name}.ts`, source])
    const withTypes = examples.map(([, name, source = '']) => [`typed/${name}.ts`, typed(source)])
    assert.equal(await faultsOf(Object.fromEntries([...plain, ...withTypes])), '')
  })

  it('know the exports of a module, and take packages and modules of Node as they come', async () => {
    const faults = await faultsOf({
      'packages.d.ts': packageTypes(['zod']),
      '_rates.ts': 'export const rate: number = 0.22\n',
      'tax.ts': `import { createHash } from 'node:crypto'
import * as z from 'zod'
import { rate, missing } from './_rates'
export default (req: ImprunRequest, res: ImprunResponse) =>
  res.json({ tax: rate.toFixed(2), id: createHash('sha256').update(Buffer.from('a')).digest('hex'), parsed: z.string().parse(process.env.A), missing })
`,
    })
    assert.match(faults, /\btax\.ts\(3,16\): error TS2305/)
    assert.equal(faults.trim().split('\n').length, 1, faults)
  })

  it('mark a wrong name and a wrong type, and know what a query finds', async () => {
    const faults = await faultsOf({
      'wrong.ts': `interface Item { title: string }
export default async function wrong(req: ImprunRequest, res: ImprunResponse) {
  const items = await imp.db().collection<Item>('items').find({ title: 'a' }).sort({ title: 1 }).toArray()
  items[0]?.title.toFixed()
  res.status('200')
  imp.database()
}
`,
    })
    const lines = faults
      .split('\n')
      .map((line) => /\((\d+),\d+\): error (TS\d+)/.exec(line)?.slice(1).join(' '))
      .filter(Boolean)
    assert.deepEqual(lines, ['4 TS2551', '5 TS2345', '6 TS2339'])
  })
})
