// The door to every task: `node scripts/run.mjs <task> [arguments]`.
// Plain JavaScript without dependencies, so that it runs in a fresh clone on any Node >= 20. It brings Node 24 and the
// dependencies when they are missing, then runs the task on that Node and leaves with the task's exit code.
import { fileURLToPath } from 'node:url'
import { ensureDependencies } from './lib/dependencies.mjs'
import { RemedyError } from './lib/errors.mjs'
import { ensureNode, withNodeFirst } from './lib/node.mjs'
import { runChild } from './lib/run-child.mjs'
import { say } from './lib/say.mjs'
import { tasks } from './lib/tasks.mjs'

const repository = fileURLToPath(new URL('..', import.meta.url))

/** @param {string | undefined} name @param {string[]} args */
async function main(name, args) {
  const task = name === undefined ? undefined : tasks[name]
  if (!task) throw new RemedyError(`There is no task ${name ?? ''}. Tasks: ${Object.keys(tasks).join(', ')}.`)
  const node = await ensureNode()
  await ensureDependencies({ repository, node })
  const [file = '', ...fixed] = task
  return await runChild(node, [file, ...fixed, ...args], { cwd: repository, env: withNodeFirst(process.env, node) })
}

const [name, ...args] = process.argv.slice(2)
try {
  process.exitCode = await main(name, args)
} catch (error) {
  if (!(error instanceof RemedyError)) throw error
  say(error.message)
  process.exitCode = 1
}
