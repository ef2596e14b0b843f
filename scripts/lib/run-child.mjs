import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { RemedyError } from './errors.mjs'

/**
 * Runs a program in this terminal, passes signals on, and waits for it however long it takes to stop.
 * @param {string} command
 * @param {string[]} args
 * @param {{ cwd: string, env: NodeJS.ProcessEnv }} options
 * @returns {Promise<number>} its exit code, or 128 + n when signal n ended it
 */
export async function runChild(command, args, options) {
  const child = spawn(command, args, { ...options, stdio: 'inherit' })
  const release = passSignals(child)
  try {
    return await new Promise((resolve, reject) => {
      child.once('error', (error) => reject(new RemedyError(`${command} could not be started: ${error.message}`)))
      child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)))
    })
  } finally {
    release()
  }
}

/**
 * Ctrl-C in a terminal reaches the child by itself (same process group), so it is only waited out. Without a terminal it
 * came from a `kill` of this process alone and is passed on. npm also repeats what it gets, hence once per signal.
 * @param {import('node:child_process').ChildProcess} child
 */
function passSignals(child) {
  /** @type {Set<NodeJS.Signals>} */
  const passed = new Set()
  const onSignal = (/** @type {NodeJS.Signals} */ signal) => {
    if ((signal === 'SIGINT' && process.stdin.isTTY) || passed.has(signal)) return
    passed.add(signal)
    child.kill(signal)
  }
  const signals = /** @type {NodeJS.Signals[]} */ (['SIGINT', 'SIGTERM', 'SIGHUP'])
  for (const signal of signals) process.on(signal, onSignal)
  return () => {
    for (const signal of signals) process.off(signal, onSignal)
  }
}
