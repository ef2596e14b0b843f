// `npm run build`: the extension's bundle and its .vsix.
import { fileInRepository, runInTerminal } from '../lib/programs.ts'

process.exitCode = await runInTerminal(fileInRepository('extension/scripts/build.ts'), process.argv.slice(2))
