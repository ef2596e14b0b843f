import type { FunctionLike, SourceFile, TextNode, TypeScript } from './typescript-server.ts'

/** The function that a file exports by default, wherever in the file it is written. */
export function findHandler(typescript: TypeScript, { statements }: SourceFile): FunctionLike | undefined {
  for (const statement of statements) {
    if (typescript.isFunctionDeclaration(statement) && isDefault(typescript, statement)) return statement
    if (!typescript.isExportAssignment(statement) || statement.isExportEquals) continue
    const { expression } = statement
    return typescript.isIdentifier(expression) ? findNamed(typescript, statements, expression.text) : asFunction(typescript, expression)
  }
  return undefined
}

function isDefault({ SyntaxKind }: TypeScript, { modifiers = [] }: FunctionLike): boolean {
  return modifiers.some(({ kind }) => kind === SyntaxKind.DefaultKeyword)
}

function findNamed(typescript: TypeScript, statements: readonly TextNode[], name: string): FunctionLike | undefined {
  for (const statement of statements) {
    if (typescript.isFunctionDeclaration(statement) && statement.name?.text === name) return statement
    if (!typescript.isVariableStatement(statement)) continue
    const found = statement.declarationList.declarations.find((declaration) => typescript.isIdentifier(declaration.name) && declaration.name.text === name)
    // A variable with a type of its own already types the parameters of its function.
    if (found) return found.type || !found.initializer ? undefined : asFunction(typescript, found.initializer)
  }
  return undefined
}

function asFunction(typescript: TypeScript, node: TextNode): FunctionLike | undefined {
  return typescript.isArrowFunction(node) || typescript.isFunctionExpression(node) ? node : undefined
}
