import type { FunctionLimits } from '@imprun/contracts'

export interface ExampleCall {
  method: string
  path: string
  headers: Record<string, string>
  body: string | undefined
  status: number
  answer: { is: 'json'; value: unknown } | { is: 'text'; text: string } | undefined
}
export interface Example {
  name: string
  source: string
  variables: Record<string, string>
  limits: FunctionLimits
  calls: ExampleCall[]
}

const blockPattern = /(?:<!--\s*example:([\s\S]*?)-->\s*)?^```ts\n([\s\S]*?)^```$/gm
const callPattern = /^([A-Z]+) (\S+)(?: \[([^\]]*)\])?(?: (.*?))? -> (\d{3})(?: (.*))?$/

/**
 * The blocks of a guide, and the first lines of those that nothing is said about.
 * @throws Error for a line of a comment that cannot be read
 */
export function readExamples(guide: string): { examples: Example[]; unnamed: string[] } {
  const examples: Example[] = []
  const unnamed: string[] = []
  for (const [, comment, source = ''] of guide.matchAll(blockPattern)) {
    if (comment === undefined) unnamed.push(source.split('\n', 1)[0] ?? '')
    else examples.push(readExample(comment, source))
  }
  return { examples, unnamed }
}

function readExample(comment: string, source: string): Example {
  const [name = '', ...lines] = comment
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const example: Example = { name, source, variables: {}, limits: {}, calls: [] }
  for (const line of lines) {
    const [word = ''] = line.split(' ', 1)
    if (word === 'variables' || word === 'limits') example[word] = JSON.parse(line.slice(word.length))
    else example.calls.push(readCall(line))
  }
  return example
}

function readCall(line: string): ExampleCall {
  const [, method, path, headerText, body, status, answer] = callPattern.exec(line) ?? []
  if (method === undefined || path === undefined) throw new Error(`This line of an example cannot be read: ${line}`)
  const headers: Record<string, string> = {}
  for (const header of headerText?.split(';') ?? []) {
    const at = header.indexOf(':')
    headers[header.slice(0, at).trim().toLowerCase()] = header.slice(at + 1).trim()
  }
  if (body !== undefined && headers['content-type'] === undefined) headers['content-type'] = parse(body) === undefined ? 'text/plain' : 'application/json'
  return { method, path, headers, body, status: Number(status), answer: answer === undefined ? undefined : (parse(answer) ?? { is: 'text', text: answer }) }
}

function parse(text: string): { is: 'json'; value: unknown } | undefined {
  try {
    return { is: 'json', value: JSON.parse(text) }
  } catch {
    return undefined
  }
}
