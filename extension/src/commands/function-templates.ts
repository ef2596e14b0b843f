import type { Translate } from '../ui/translate.ts'

export interface FunctionTemplate {
  readonly label: string
  readonly detail: string
  readonly source: (functionName: string) => string
}

/** What a new function may begin as. All of them run as they are. */
export const functionTemplates = (t: Translate): readonly FunctionTemplate[] => [
  {
    label: t('JSON answer'),
    detail: t('Takes a name, answers a greeting.'),
    source: (name) => `export default async function ${name}(req: ImprunRequest, res: ImprunResponse) {
  const { name = 'world' } = req.body
  return res.json({ message: \`Hello, \${name}\` })
}
`,
  },
  {
    label: t('Store in the database'),
    detail: t('Checks its input, writes one document, answers its id.'),
    source: (name) => `export default async function ${name}(req: ImprunRequest, res: ImprunResponse) {
  const { title } = req.body
  if (!title) return res.status(400).json({ error: 'Give a title.' })

  const { insertedId } = await imp.db().collection('items').insertOne({ title, createdAt: new Date() })
  return res.status(201).json({ id: insertedId })
}
`,
  },
  {
    label: t('List from the database'),
    detail: t('Answers the newest documents of a collection.'),
    source: (name) => `export default async function ${name}(req: ImprunRequest, res: ImprunResponse) {
  const limit = Math.min(Number(req.query.limit ?? 20), 100)
  const items = await imp.db().collection('items').find({}, { sort: { createdAt: -1 }, limit }).toArray()
  return res.json({ items })
}
`,
  },
  {
    label: t('Plain JavaScript'),
    detail: t('No types; they are still known while you write.'),
    source: (name) => `export default async function ${name}(req, res) {
  return res.json({ ok: true })
}
`,
  },
]

/** What a new module begins as: others import what it exports. */
export const moduleSource = (name: string): string => `export function ${name}() {
}
`

/** The last part of a function's name as a JavaScript identifier: `orders/list-all` becomes `listAll`. */
export function handlerName(functionName: string): string {
  const last = (functionName.split('/').at(-1) ?? functionName).replace(/^_/, '')
  const name = last.replace(/[-_]+(.)?/g, (_, next: string | undefined) => next?.toUpperCase() ?? '')
  return reservedWords.has(name) ? `${name}Handler` : name
}

const reservedWords = new Set(
  'await break case catch class const continue debugger default delete do else enum export extends false finally for function if import in instanceof new null return static super switch this throw true try typeof var void while with yield let'.split(
    ' ',
  ),
)
