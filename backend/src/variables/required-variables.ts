import type { AnyNode, Node, ObjectPattern } from 'acorn'
import { parse } from 'acorn'
import { transform } from 'esbuild'

/** Cheap, and true for nearly every file that has none: only the others are parsed. */
const mayRead = /\b(?:imp|process)\b[\s\S]*\benv\b/

/**
 * Names that the sources read as `imp.env.NAME` or `process.env.NAME` without saying what to do when there is none. A name that is only ever asked for
 * (`imp.env.NAME ?? 'x'`, `if (imp.env.NAME)`, `imp.env.NAME === 'on'`, `{ NAME = 'x' } = imp.env`) may be absent; one that is computed is not known.
 * @param sources the author's own TypeScript or JavaScript, which compiles
 */
export async function readRequiredVariables(sources: readonly string[]): Promise<string[]> {
  const names = new Set<string>()
  for (const source of sources) {
    if (!mayRead.test(source)) continue
    const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'es2024', charset: 'utf8' })
    visit(parse(code, { ecmaVersion: 'latest', sourceType: 'module' }), false, names)
  }
  return [...names].sort()
}

/** @param mayBeAbsent whether what surrounds the node copes with undefined */
function visit(node: AnyNode, mayBeAbsent: boolean, names: Set<string>): void {
  const name = variableOf(node)
  if (name !== undefined) {
    if (!mayBeAbsent) names.add(name)
    return
  }
  if (node.type === 'VariableDeclarator' && node.init && isEnv(node.init) && node.id.type === 'ObjectPattern') addDestructured(node.id, names)
  if (node.type === 'AssignmentExpression' && isEnv(node.right) && node.left.type === 'ObjectPattern') addDestructured(node.left, names)
  for (const [key, value] of Object.entries(node)) {
    for (const child of [value].flat()) if (isNode(child)) visit(child, copes(node, key), names)
  }
}

const isNode = (value: unknown): value is AnyNode => typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'

const comparisons = new Set(['==', '!=', '===', '!==', 'in'])

/** Whether the parent does something sensible with undefined in this place. */
function copes(parent: AnyNode, key: string): boolean {
  switch (parent.type) {
    case 'LogicalExpression':
      return key === 'left'
    case 'BinaryExpression':
      return comparisons.has(parent.operator)
    case 'IfStatement':
    case 'ConditionalExpression':
      return key === 'test'
    case 'UnaryExpression':
      return parent.operator === '!' || parent.operator === 'typeof'
    case 'MemberExpression':
      return key === 'object' && parent.optional
    default:
      return false
  }
}

/** The name in `imp.env.NAME` or `imp.env['NAME']`. */
function variableOf(node: AnyNode): string | undefined {
  if (node.type !== 'MemberExpression' || !isEnv(node.object)) return undefined
  if (!node.computed) return node.property.type === 'Identifier' ? node.property.name : undefined
  return node.property.type === 'Literal' && typeof node.property.value === 'string' ? node.property.value : undefined
}

function isEnv(node: AnyNode): boolean {
  if (node.type === 'ChainExpression') return isEnv(node.expression)
  if (node.type !== 'MemberExpression' || node.computed || node.property.type !== 'Identifier' || node.property.name !== 'env') return false
  return node.object.type === 'Identifier' && (node.object.name === 'imp' || node.object.name === 'process')
}

function addDestructured({ properties }: ObjectPattern, names: Set<string>): void {
  for (const property of properties) {
    if (property.type !== 'Property' || property.computed || property.value.type === 'AssignmentPattern') continue
    if (property.key.type === 'Identifier') names.add(property.key.name)
    else if (property.key.type === 'Literal' && typeof property.key.value === 'string') names.add(property.key.value)
  }
}
