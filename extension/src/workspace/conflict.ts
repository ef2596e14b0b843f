import * as vscode from 'vscode'
import type { ApiClient } from '../api/api-client.ts'
import type { Prompts } from '../ui/prompts.ts'
import { closeDifferences, openDifferences } from './diff-tabs.ts'
import type { FileStatuses } from './file-status.ts'
import type { FunctionKey, MirrorStore } from './mirror-store.ts'
import type { Publisher } from './publisher.ts'
import { readOnlyUri } from './read-only-documents.ts'

export interface ConflictPorts {
  api: ApiClient
  store: MirrorStore
  statuses: FileStatuses
  publisher: Publisher
  prompts: Prompts
}

/** Shows both texts and lets the author choose. Until then nothing is overwritten on either side. @throws ImprunError */
export async function resolveConflict(key: FunctionKey, { api, store, statuses, publisher, prompts }: ConflictPorts): Promise<void> {
  const { t } = vscode.l10n
  const file = store.file(key)
  const theirs = await api.call('getFunction', { params: { gatewayId: key.gatewayId, functionId: key.name } })
  const theirsUri = readOnlyUri({ kind: 'saved', gatewayId: key.gatewayId, name: key.name, functionId: theirs.functionId, revision: theirs.revision })
  const when = new Date(theirs.updatedAt).toLocaleTimeString()
  const title = t('{0}: {1} at {2} ↔ yours', key.name, theirs.updatedBy, when)
  const sides = [{ left: theirsUri, right: vscode.Uri.file(file) }]
  await openDifferences(title, sides)
  const [overwrite, take] = [t('Overwrite'), t('Take theirs')]
  const answer = await prompts.offer(
    'warning',
    t('{0} saved {1} at {2}, after you opened it. Which text should stay?', theirs.updatedBy, key.name, when),
    overwrite,
    take,
  )
  if (answer === undefined) return
  await closeDifferences(title, sides)
  if (answer === overwrite) {
    const mine = await store.findText(key)
    if (mine !== undefined) await publisher.publish(key, mine, theirs.revision)
  }
  if (answer === take) {
    await store.writeServed(key, { functionId: theirs.functionId, revision: theirs.revision, code: theirs.code ?? '' })
    statuses.setFacts(file, key, theirs)
    statuses.setState(file, key, { kind: 'inStep' })
  }
}
