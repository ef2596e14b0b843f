import { isDeepStrictEqual } from 'node:util'
import {
  ImprunError,
  type InputFault,
  type StoredVariable,
  type StoredVariables,
  type VariableChange,
  type VariablesPatch,
  type VariablesView,
  variablesBytesMax,
  variablesMax,
  variableValueBytesMax,
} from '@imprun/contracts'
import { sealedBytes } from './secret-sealer.ts'

/**
 * @param seal turns a secret's text into what may be stored
 * @throws INPUT_INVALID naming each variable at fault; never a value
 */
export function changeVariables(before: StoredVariables, patch: VariablesPatch, seal: (name: string, text: string) => string): StoredVariables {
  const faults: InputFault[] = []
  const after: StoredVariables = { ...before }
  for (const [name, change] of Object.entries(patch)) {
    if (change === null) {
      delete after[name]
      continue
    }
    const { value, secret } = typeof change === 'string' ? { value: change, secret: undefined } : change
    const bytes = Buffer.byteLength(value)
    if (bytes > variableValueBytesMax) faults.push(faultOf(name, `The value has ${bytes} bytes; at most ${variableValueBytesMax} are allowed.`))
    const known = before[name]
    after[name] = (secret ?? isSecret(known)) ? { secret: seal(name, value) } : { value }
  }
  faults.push(...checkTotals(after, Object.keys(patch)))
  if (faults.length > 0) throw variablesInvalid(faults)
  return after
}

function checkTotals(variables: StoredVariables, named: readonly string[]): InputFault[] {
  const count = Object.keys(variables).length
  const bytes = Object.entries(variables).reduce((sum, [name, variable]) => sum + Buffer.byteLength(name) + valueBytes(variable), 0)
  const last = named.findLast((name) => variables[name] !== undefined)
  if (last === undefined) return []
  if (count > variablesMax) return [faultOf(last, `The environment would have ${count} variables; at most ${variablesMax} are allowed.`)]
  if (bytes > variablesBytesMax) return [faultOf(last, `All variables together would have ${bytes} bytes; at most ${variablesBytesMax} are allowed.`)]
  return []
}

const valueBytes = (variable: StoredVariable): number => ('value' in variable ? Buffer.byteLength(variable.value) : sealedBytes(variable.secret))

const faultOf = (name: string, message: string): InputFault => ({ field: `variables.${name}`, message })

const variablesInvalid = (faults: readonly InputFault[]) =>
  new ImprunError('INPUT_INVALID', faults.map(({ field, message }) => `${field}: ${message}`).join(' '), { errors: faults })

/** By name. A secret that was sealed anew counts as changed. */
export function changesBetween(before: StoredVariables, after: StoredVariables): VariableChange[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return names.flatMap((name) => {
    const [was, is] = [before[name], after[name]]
    if (isDeepStrictEqual(was, is)) return []
    const change = was === undefined ? 'added' : is === undefined ? 'removed' : 'changed'
    return [{ name, change, secret: isSecret(is ?? was) }]
  })
}

export const isSecret = (variable: StoredVariable | undefined): boolean => variable !== undefined && 'secret' in variable

/** Without the values of secrets. */
export const toVariablesView = (variables: StoredVariables): VariablesView =>
  Object.fromEntries(
    Object.entries(variables)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, stored]) => [name, 'value' in stored ? { secret: false, value: stored.value } : { secret: true }]),
  )
