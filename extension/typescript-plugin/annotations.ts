import { findHandler } from './find-handler.ts'
import type { Parameter, SourceFile, TypeReference, TypeScript } from './typescript-server.ts'

const parameterTypes = ['ImprunRequest', 'ImprunResponse']

/** Types of parameters that their author left out. The same parameter gets the same node again, so a checker that saw it before sees no change. */
export class Annotations {
  readonly #typescript: TypeScript
  readonly #types = new WeakMap<Parameter, TypeReference>()
  #annotated: Parameter[] = []

  constructor(typescript: TypeScript) {
    this.#typescript = typescript
  }

  takeOff(): void {
    for (const parameter of this.#annotated.splice(0)) parameter.type = undefined
  }

  putOn(files: readonly SourceFile[]): void {
    for (const file of files) {
      const parameters = findHandler(this.#typescript, file)?.parameters.slice(0, parameterTypes.length) ?? []
      parameters.forEach((parameter, index) => {
        if (parameter.type || parameter.dotDotDotToken) return
        parameter.type = this.#typeFor(parameter, parameterTypes[index] as string)
        this.#annotated.push(parameter)
      })
    }
  }

  /**
   * The type has no width, so nothing that looks for a position finds it. The name inside borrows the range of the parameter's own name, because the
   * server takes a name without width for one that is missing.
   */
  #typeFor(parameter: Parameter, typeName: string): TypeReference {
    const type = this.#types.get(parameter) ?? this.#typescript.factory.createTypeReferenceNode(typeName)
    type.pos = type.end = parameter.name.end
    type.parent = parameter
    type.typeName.pos = parameter.name.pos
    type.typeName.end = parameter.name.end
    type.typeName.parent = type
    this.#types.set(parameter, type)
    return type
  }
}
