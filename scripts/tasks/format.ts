// `npm run format`: writes Biome's format, import order and safe fixes.
import { programs, runInTerminal } from '../lib/programs.ts'

process.exitCode = await runInTerminal(programs.biome, ['check', '--write', '.', ...process.argv.slice(2)])
