import type { LogMessage } from '../../frames/frames.ts'
import type { Environment, FunctionEntry } from '../environment.ts'
import type { Observe } from '../observe.ts'
import { Quarantine } from './quarantine.ts'

/** Puts versions into the quarantine of their environment, and tells everybody who should know. */
export interface QuarantineKeeper {
  /** @param functionIndex of a version that took a worker down; one that is published no more is left alone */
  blame(environment: Environment, functionIndex: number, reason: string): void
  /** The worker has let the version go, because it held all the others up. @returns false when another one is published by now */
  onExpelled(environment: Environment, functionIndex: number, version: string): boolean
}

const stoppedText = 'The function ran too long without pausing, twice within a minute, and was stopped each time.'

export function createQuarantineKeeper(ports: {
  onLog(environment: Environment, message: LogMessage): void
  /** The environment's list of versions in quarantine is another one now. */
  onChanged(environment: Environment): void
  observe: Observe
}): QuarantineKeeper {
  const put = (environment: Environment, entry: FunctionEntry, reason: string): void => {
    environment.quarantine ??= new Quarantine()
    if (!environment.quarantine.put(entry, reason, new Date())) return
    const { index, name, version } = entry
    const message = `Version ${version} is in quarantine: it runs in a process apart from the other functions until another version is published. ${reason}`
    ports.onLog(environment, { index, version, level: 'error', message, at: Date.now() })
    ports.observe({ type: 'quarantined', environment: environment.key, name, version, reason })
    ports.onChanged(environment)
  }
  return {
    blame(environment, functionIndex, reason) {
      const entry = environment.entryAt(functionIndex)
      if (entry !== undefined) put(environment, entry, reason)
    },
    onExpelled(environment, functionIndex, version) {
      const entry = environment.entryAt(functionIndex)
      if (entry?.version !== version) return false
      put(environment, entry, stoppedText)
      return true
    },
  }
}
