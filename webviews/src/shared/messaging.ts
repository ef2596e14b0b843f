import type { z } from 'zod'

declare function acquireVsCodeApi(): { postMessage(message: unknown): void }

export interface Host<ToHost> {
  send(message: ToHost): void
}

/**
 * Joins a webview to its panel. Messages are parsed on arrival; those of another form are passed over.
 * Call `send({ type: 'ready' })` when the page can show something.
 */
export function connect<ToHost, ToWebview>(schema: z.ZodType<ToWebview>, receive: (message: ToWebview) => void): Host<ToHost> {
  const api = acquireVsCodeApi()
  window.addEventListener('message', (event: MessageEvent<unknown>) => {
    const parsed = schema.safeParse(event.data)
    if (parsed.success) receive(parsed.data)
  })
  return { send: (message) => api.postMessage(message) }
}
