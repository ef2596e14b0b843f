import { entryHostMsMax, entryTimeoutMs, type LoadMessage, loadTimeoutMs, type RefusedMessage } from '../frames/frames.ts'
import { type CodeFacts, type ContextFacts, controlCodes, type EntryLimits, type GuestFailure } from '../sandbox/bridge.ts'
import { noVariables } from './configuration.ts'
import { CodeSyntaxError, EntryError, type SandboxContext } from './sandbox/engine.ts'
import type { StackMapper } from './stack-mapper.ts'

export type LoadRefusal = RefusedMessage

const dataWords = /\bdb\b|\bObjectId\b/
const entryLimits: EntryLimits = { loadMsMax: loadTimeoutMs, entryMsMax: entryTimeoutMs, hostMsMax: entryHostMsMax }

/**
 * Compiles a function in a blank context and runs its top level.
 * @param variablesJson what its `imp.env` begins with
 * @returns why it cannot serve, with the place in the author's source
 */
export function loadInto(
  context: SandboxContext,
  { name, code }: LoadMessage,
  facts: ContextFacts,
  stacks: StackMapper,
  variablesJson = noVariables,
): LoadRefusal | undefined {
  try {
    const codeFacts: CodeFacts = { mentionsData: dataWords.test(code) }
    const script = context.compile(code, `function:${name}`)
    context.control(controlCodes.prepare, JSON.stringify({ ...facts, ...entryLimits, ...codeFacts }), loadTimeoutMs)
    if (variablesJson !== noVariables) context.control(controlCodes.setVariables, variablesJson, loadTimeoutMs)
    try {
      script.run(loadTimeoutMs)
    } catch (error) {
      // A rejection that nobody handles does not keep the module from serving.
      if (!(error instanceof EntryError) || error.failure !== 'stray') throw error
    }
    const failed = context.control(controlCodes.finishLoad, 0, loadTimeoutMs)
    return typeof failed === 'string' ? toRefusal(JSON.parse(failed) as GuestFailure, stacks) : undefined
  } catch (error) {
    return toRefusalOfError(error, stacks)
  }
}

function toRefusal({ code, message, stack }: GuestFailure, stacks: StackMapper): LoadRefusal {
  return { code, message: code === 'CODE_THROWS_AT_LOAD' ? `The code throws when it is loaded: ${message}` : message, ...stacks.findPlace(stack) }
}

function toRefusalOfError(error: unknown, stacks: StackMapper): LoadRefusal {
  if (error instanceof CodeSyntaxError) {
    const { line, column, message } = error
    return { code: 'CODE_NOT_COMPILING', message, ...(line && column ? stacks.mapPlace({ line, column }) : {}) }
  }
  if (!(error instanceof EntryError)) throw error
  const message =
    error.failure === 'timed-out'
      ? `The code runs longer than ${loadTimeoutMs} ms when it is loaded and was stopped.`
      : `The code cannot be loaded: ${error.message}`
  return { code: 'CODE_THROWS_AT_LOAD', message, ...stacks.findPlace(error.guestStack) }
}
