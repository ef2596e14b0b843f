import { execFile } from 'node:child_process'

const outputBytesMax = 4 * 1024 * 1024

/**
 * Runs a program to its end.
 * @throws Error with the last lines of what it said when it fails, cannot be started or takes longer than `timeoutMs`.
 */
export function runProgram(
  path: string,
  args: readonly string[],
  options: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<{ output: string }> {
  return new Promise((resolve, reject) => {
    execFile(
      path,
      [...args],
      { timeout: options.timeoutMs, maxBuffer: outputBytesMax, ...(options.signal ? { signal: options.signal } : {}) },
      (error, stdout, stderr) => {
        if (!error) return resolve({ output: stdout })
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return reject(new Error(`${path} is not installed.`))
        reject(new Error(lastLines(stderr || stdout) || error.message))
      },
    )
  })
}

const lastLines = (text: string) => text.trim().split('\n').slice(-3).join('\n')
