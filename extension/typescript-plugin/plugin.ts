// A plugin of the editor's TypeScript server. Functions are written as `export default async function calculateTax(req, res)`, and TypeScript has no
// way to type the parameters of a plain declaration from outside. Nobody's code is rewritten for that: before the server checks a mirror file, this
// gives the first two parameters of the default export the types ImprunRequest and ImprunResponse in the syntax tree alone, with no width in the text,
// so that every position stays what it was. A parameter that has a type keeps it. Where plugins do not run, the parameters are `any`, as without it.
import { Annotations } from './annotations.ts'
import type { LanguageService, PluginInfo, TypeScript } from './typescript-server.ts'

// They free a program; making one for them would be work for nothing.
const withoutProgram = new Set(['dispose', 'cleanupSemanticCache'])
const typesFile = 'imprun.d.ts'

export function createPlugin({ typescript }: { typescript: TypeScript }) {
  return {
    create(info: PluginInfo): LanguageService {
      const folder = folderOf(info.project.getProjectName())
      // Every TypeScript project of the window loads the plugin; all but the mirror's get their service back untouched.
      if (!info.serverHost.fileExists(`${folder}/${typesFile}`)) return info.languageService
      const log = (message: string) => info.project.projectService.logger.info(`imprun: ${message}`)
      return annotating(typescript, info.languageService, folder, log)
    },
  }
}

function annotating(typescript: TypeScript, service: LanguageService, folder: string, log: (message: string) => void): LanguageService {
  const annotations = new Annotations(typescript)
  const annotate = () => {
    try {
      // Text that changed is parsed again from the old tree, which must be as the parser left it.
      annotations.takeOff()
      // The program is made by now, but nothing is checked yet: a checker that already ran would keep what it saw.
      const files = service.getProgram()?.getSourceFiles() ?? []
      annotations.putOn(files.filter((file) => !file.isDeclarationFile && file.fileName.startsWith(`${folder}/`)))
    } catch (error) {
      log(`parameters stay untyped: ${String(error)}`)
    }
  }
  // The service asks its project, which asks the service: only the outermost call annotates.
  let isInside = false
  const proxy: LanguageService = Object.create(null)
  for (const [name, method] of Object.entries(service)) {
    if (typeof method !== 'function') continue
    proxy[name] = (...args: unknown[]) => {
      if (isInside) return method.apply(service, args)
      isInside = true
      try {
        if (!withoutProgram.has(name)) annotate()
        return method.apply(service, args)
      } finally {
        isInside = false
      }
    }
  }
  return proxy
}

const folderOf = (file: string) => file.slice(0, Math.max(0, file.lastIndexOf('/')))
