// The few parts of the TypeScript server's API that the plugin touches. The server hands its own `typescript` in at run time, whatever its version is.

export interface TextNode {
  kind: number
  pos: number
  end: number
  parent?: TextNode
}
export interface Identifier extends TextNode {
  text: string
}
export interface Parameter extends TextNode {
  name: TextNode
  type?: TextNode | undefined
  dotDotDotToken?: TextNode
}
export interface FunctionLike extends TextNode {
  name?: Identifier
  parameters: readonly Parameter[]
  modifiers?: readonly TextNode[]
}
export interface SourceFile extends TextNode {
  fileName: string
  isDeclarationFile: boolean
  statements: readonly TextNode[]
}
export interface TypeReference extends TextNode {
  typeName: Identifier
}

export interface TypeScript {
  SyntaxKind: Readonly<Record<'DefaultKeyword' | 'ExportKeyword', number>>
  factory: { createTypeReferenceNode(name: string): TypeReference }
  isFunctionDeclaration(node: TextNode): node is FunctionLike
  isFunctionExpression(node: TextNode): node is FunctionLike
  isArrowFunction(node: TextNode): node is FunctionLike
  isExportAssignment(node: TextNode): node is TextNode & { expression: TextNode; isExportEquals?: boolean }
  isIdentifier(node: TextNode): node is Identifier
  isVariableStatement(
    node: TextNode,
  ): node is TextNode & { declarationList: { declarations: readonly { name: TextNode; initializer?: TextNode; type?: TextNode }[] } }
}

export interface LanguageService {
  getProgram(): { getSourceFiles(): readonly SourceFile[] } | undefined
  [method: string]: (...args: unknown[]) => unknown
}

export interface PluginInfo {
  languageService: LanguageService
  serverHost: { fileExists(file: string): boolean }
  project: { getProjectName(): string; projectService: { logger: { info(message: string): void } } }
}
