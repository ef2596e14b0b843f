/** Tells the person at the terminal what is going on; not on standard output, which belongs to the task. @param {string} line */
export const say = (line) => {
  process.stderr.write(`imprun: ${line}\n`)
}
