import type { ContextPool } from './context-pool.ts'
import type { Engine, SandboxContext, SandboxIsolate } from './engine.ts'

/** Where a function version's contexts come from, and who else is lost with them when memory runs out. */
export interface FunctionMemory {
  takeContext(): SandboxContext
  /** The version's context has been released. */
  release(): void
  /** For the author. */
  readonly exhausted: string
  readonly isShared: boolean
}

/** The isolate of the environment, which all functions without a memory limit of their own live in. */
export const sharedMemory = (contexts: ContextPool): FunctionMemory => ({
  takeContext: () => contexts.take(),
  release: () => {},
  exhausted: 'The memory limit of the environment was reached. All its functions were started again.',
  isShared: true,
})

/** An isolate for one version alone: it takes a few milliseconds and megabytes more, and runs out of memory without the others. */
export function ownMemory(engine: Engine, memoryMb: number): FunctionMemory {
  let isolate: SandboxIsolate | undefined
  const release = (): void => {
    isolate?.dispose()
    isolate = undefined
  }
  return {
    takeContext() {
      release()
      isolate = engine.createIsolate(memoryMb)
      return isolate.createContext()
    },
    release,
    exhausted: `The function's memory limit of ${memoryMb} MB was reached. It was started again.`,
    isShared: false,
  }
}
