/**
 * What `npm start`, `npm test` and their like run: a file and its fixed arguments, relative to the repository.
 * @type {Record<string, string[] | undefined>}
 */
export const tasks = {
  start: ['backend/src/main.ts'],
  test: ['scripts/tasks/test.ts'],
  'test:editor': ['scripts/tasks/test-editor.ts'],
  'test:sandbox': ['scripts/tasks/test.ts', '--set=sandbox'],
  'test:chaos': ['scripts/tasks/test.ts', '--set=chaos'],
  check: ['scripts/tasks/check.ts'],
  format: ['scripts/tasks/format.ts'],
  build: ['scripts/tasks/build.ts'],
  bench: ['scripts/tasks/bench.ts'],
}
