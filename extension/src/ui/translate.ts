/** `vscode.l10n.t`, handed to code that must run without VS Code. `{0}` stands for the first argument. */
export type Translate = (message: string, ...values: (string | number | boolean)[]) => string

/** The English text itself; for tests and for words that go to the log. */
export const untranslated: Translate = (message, ...values) => message.replace(/\{(\d+)\}/g, (_, index) => String(values[Number(index)] ?? ''))
