import type { Prompts } from '../ui/prompts.ts'
import type { Translate } from '../ui/translate.ts'
import { type Backend, backendName } from './backend.ts'
import { type FoundBackend, findBackends, type Places } from './find-backends.ts'
import { identify } from './sign-in.ts'

export interface SignInPorts {
  prompts: Prompts
  t: Translate
  places(): Places
  /** The setting imprun.backendUrl; empty when none is set. */
  backendUrl(): string
  fetch?: typeof fetch
}

// A port that nobody listens on any more refuses at once; what listens may have a busy machine, and whoever gives up then is asked for an address.
const probeTimeoutMs = 10_000

/** Finds out which backends of this machine answer. */
export async function findAnsweringBackends(ports: SignInPorts): Promise<Backend[]> {
  const found = await findBackends(ports.places())
  const answers = await Promise.all(found.map((backend) => probe(backend, ports.fetch)))
  return answers.filter((backend) => backend !== undefined)
}

/** One click when one local backend answers; a pick when several do; address and token else. Undefined when given up. @throws ImprunError */
export async function askToSignIn(ports: SignInPorts, options: { alwaysAsk?: boolean } = {}): Promise<Backend | undefined> {
  const { prompts, t, backendUrl } = ports
  const local = await findAnsweringBackends(ports)
  if (local.length === 1 && !backendUrl() && !options.alwaysAsk) return local[0]
  if (local.length === 0) return askForAddress(ports)
  const picked = await prompts.pick<Backend | 'other'>(t('Sign in to imprun'), [
    ...local.map((backend) => ({ label: backendName(backend.apiUrl), description: t('running on this machine'), detail: backend.userName, value: backend })),
    { label: t('Another backend…'), description: backendUrl(), value: 'other' as const },
  ])
  return picked === 'other' ? askForAddress(ports) : picked
}

async function askForAddress({ prompts, t, backendUrl, fetch }: SignInPorts): Promise<Backend | undefined> {
  const apiUrl = await prompts.input({
    title: t('Sign in to imprun'),
    prompt: t('Address of the backend. None was found running on this machine; "npm start" in the imprun folder starts one.'),
    value: backendUrl() || 'http://localhost:7420',
    validate: (text) => (isHttpUrl(text) ? undefined : t('Give an address such as http://localhost:7420.')),
  })
  if (!apiUrl) return undefined
  const token = await prompts.input({
    title: t('Sign in to {0}', backendName(apiUrl)),
    prompt: t('Access token. A local backend keeps it in connection.json in its home folder.'),
    isSecret: true,
    validate: (text) => (text.trim() ? undefined : t('Paste the access token.')),
  })
  if (!token) return undefined
  return identify({ apiUrl: apiUrl.replace(/\/+$/, ''), token: token.trim() }, fetch)
}

async function probe({ connection, connectionFile }: FoundBackend, fetchLike: typeof fetch = fetch): Promise<Backend | undefined> {
  const withLimit: typeof fetch = (input, init) => fetchLike(input, { ...init, signal: AbortSignal.timeout(probeTimeoutMs) })
  return identify({ apiUrl: connection.apiUrl, token: connection.token, connectionFile }, withLimit).catch(() => undefined)
}

function isHttpUrl(text: string): boolean {
  return /^https?:$/.test(URL.parse(text)?.protocol ?? '')
}
