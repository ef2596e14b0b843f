import type { EnvironmentName, ImprunFunction } from '@imprun/contracts'
import { type EditedRequest, type SendRequestToHost, type SendRequestToWebview, sendRequestToHostSchema } from '@imprun/contracts/webviews/send-request'
import * as vscode from 'vscode'
import type { Log } from '../platform/log.ts'
import { defaultRequest } from '../requests/default-request.ts'
import type { KeyStore } from '../requests/key-store.ts'
import type { RequestStore } from '../requests/request-store.ts'
import { sendRequest } from '../requests/send.ts'
import type { Session } from '../session/session.ts'
import type { Prompts } from '../ui/prompts.ts'
import type { FunctionKey } from '../workspace/mirror-store.ts'
import { sendRequestWords } from './send-request-words.ts'
import { webviewHtml } from './webview-html.ts'

export interface SendRequestPorts {
  extensionUri: vscode.Uri
  session: Session
  prompts: Prompts
  requests: RequestStore
  keys: KeyStore
  log: Log
}

const keyEndingLength = 4

/** One panel per function, in which requests to it are written and sent. */
export class SendRequestPanels {
  readonly #ports: SendRequestPorts
  readonly #open = new Map<string, SendRequestPanel>()

  constructor(ports: SendRequestPorts) {
    this.#ports = ports
  }

  async show(chosen: { environment: EnvironmentName }, key: FunctionKey, facts: ImprunFunction): Promise<void> {
    const id = `${key.apiUrl}/${key.gatewayId}/${key.name}`
    const known = this.#open.get(id)
    if (known) return known.reveal(chosen.environment)
    const request = (await this.#ports.requests.last(key)) ?? defaultRequest(facts.code ?? '', facts.methods)
    const made = new SendRequestPanel(this.#ports, key, { environment: chosen.environment, request })
    this.#open.set(id, made)
    made.onClosed(() => this.#open.delete(id))
  }
}

class SendRequestPanel {
  readonly #ports: SendRequestPorts
  readonly #key: FunctionKey
  readonly #panel: vscode.WebviewPanel
  readonly #first: { environment: EnvironmentName; request: EditedRequest }
  #sending: AbortController | undefined

  constructor(ports: SendRequestPorts, key: FunctionKey, first: { environment: EnvironmentName; request: EditedRequest }) {
    this.#ports = ports
    this.#key = key
    this.#first = first
    const root = vscode.Uri.joinPath(ports.extensionUri, 'dist', 'webviews')
    const title = vscode.l10n.t('Request to {0}', key.name)
    // What is being written, and an answer, would otherwise be lost when another tab is in front.
    const options = { enableScripts: true, localResourceRoots: [root], retainContextWhenHidden: true }
    this.#panel = vscode.window.createWebviewPanel('imprun.sendRequest', title, vscode.ViewColumn.Beside, options)
    this.#panel.webview.html = webviewHtml(this.#panel.webview, root, 'send-request', title, sendRequestWords(vscode.l10n.t))
    this.#panel.webview.onDidReceiveMessage((message: unknown) => void this.#answer(message))
    this.#panel.onDidDispose(() => this.#sending?.abort())
  }

  onClosed(listener: () => void): void {
    this.#panel.onDidDispose(listener)
  }
  reveal(environment: EnvironmentName): void {
    this.#panel.reveal()
    if (environment !== this.#first.environment) void this.#tellTargets()
  }

  async #answer(message: unknown): Promise<void> {
    const parsed = sendRequestToHostSchema.safeParse(message)
    if (!parsed.success) return this.#ports.log.warn('The request panel sent a message of an unknown form.')
    try {
      await this.#carryOut(parsed.data)
    } catch (error) {
      this.#ports.log.warn(`The request panel could not ${parsed.data.type}: ${error instanceof Error ? error.message : String(error)}`)
      await this.#post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })
    }
  }
  async #carryOut(message: SendRequestToHost): Promise<void> {
    const { requests, prompts } = this.#ports
    switch (message.type) {
      case 'ready':
        await this.#post({ type: 'show', target: `${this.#key.gatewayId}/${this.#key.name}`, ...this.#first })
        return void (await Promise.all([this.#tellTargets(), this.#tellKept()]))
      case 'send':
        return this.#send(message.environment, message.request)
      case 'cancel':
        return this.#sending?.abort()
      case 'enterKey':
        return this.#enterKey(message.environment)
      case 'forgetKey':
        await this.#ports.keys.forget(this.#place(message.environment))
        return this.#tellTargets()
      case 'save': {
        const name = await prompts.input({
          title: vscode.l10n.t('Save the request as'),
          prompt: vscode.l10n.t('One of the same name is replaced. The key is not saved with it.'),
        })
        if (name?.trim()) await requests.save(this.#key, { name: name.trim().slice(0, 80), request: message.request })
        return this.#tellKept()
      }
      case 'remove':
        await requests.remove(this.#key, message.name)
        return this.#tellKept()
    }
  }

  async #send(environment: EnvironmentName, request: EditedRequest): Promise<void> {
    const { requests, keys } = this.#ports
    this.#sending?.abort()
    const mine = new AbortController()
    this.#sending = mine
    await this.#post({ type: 'sending' })
    const at = new Date().toISOString()
    try {
      const { pathUrl, authType } = await this.#environment(environment)
      const apiKey = authType === 'key-auth' ? await keys.find(this.#place(environment)) : undefined
      const answer = await sendRequest(`${pathUrl}/${this.#key.name}`, request, apiKey, mine.signal)
      await requests.remember(this.#key, { request, environment, status: answer.status, durationMs: answer.durationMs, at })
      await this.#post(answer)
    } catch (error) {
      if (this.#sending !== mine) return
      const isEnded = mine.signal.aborted
      if (!isEnded) await requests.remember(this.#key, { request, environment, at })
      await this.#post({ type: 'failed', message: isEnded ? vscode.l10n.t('The request was ended.') : whyNoAnswer(error) })
    } finally {
      if (this.#sending === mine) this.#sending = undefined
    }
    await this.#tellKept()
  }

  async #enterKey(environment: EnvironmentName): Promise<void> {
    const place = `${this.#key.gatewayId}/${environment}`
    const key = await this.#ports.prompts.input({
      title: vscode.l10n.t('API key for {0}', place),
      prompt: vscode.l10n.t('Kept in the secret storage of this machine, and sent in the header "apikey" to this environment alone.'),
      isSecret: true,
    })
    if (key?.trim()) await this.#ports.keys.put(this.#place(environment), key.trim())
    await this.#tellTargets()
  }
  async #tellTargets(): Promise<void> {
    const { session, keys } = this.#ports
    const gateway = await session.current?.api.call('getGateway', { params: { gatewayId: this.#key.gatewayId } })
    const targets = await Promise.all(
      (gateway?.environments ?? []).map(async ({ name, pathUrl, authType }) => {
        const key = await keys.find(this.#place(name))
        const url = `${pathUrl}/${this.#key.name}`
        return { environment: name, url, needsKey: authType === 'key-auth', ...(key ? { keyEnding: key.slice(-keyEndingLength) } : {}) }
      }),
    )
    await this.#post({ type: 'targets', targets })
  }
  async #tellKept(): Promise<void> {
    const { requests } = this.#ports
    await this.#post({ type: 'kept', saved: await requests.saved(this.#key), history: requests.history(this.#key) })
  }

  async #environment(environment: EnvironmentName) {
    const { current } = this.#ports.session
    if (!current) throw new Error(vscode.l10n.t('Sign in to imprun first.'))
    return current.api.call('getEnvironment', { params: { gatewayId: this.#key.gatewayId, environment } })
  }
  #place(environment: EnvironmentName) {
    return { apiUrl: this.#key.apiUrl, gatewayId: this.#key.gatewayId, environment }
  }
  #post(message: SendRequestToWebview): Thenable<boolean> {
    return this.#panel.webview.postMessage(message)
  }
}

/** fetch says only that it failed; the reason is below. */
function whyNoAnswer(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : undefined
  return cause ?? (error instanceof Error ? error.message : String(error))
}
