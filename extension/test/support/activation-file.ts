/** Names the file in which the suite in the extension host leaves `{ activationMs }`. */
export const activationFileVariable = 'IMPRUN_BENCH_ACTIVATION_FILE'
