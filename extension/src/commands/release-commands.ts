import type { Bump, Release, ReleaseComparison } from '@imprun/contracts'
import { pageLimitMax } from '@imprun/contracts/paging'
import { bumps, releaseNotesSchema } from '@imprun/contracts/release'
import * as vscode from 'vscode'
import { openDifferences } from '../workspace/diff-tabs.ts'
import { readOnlyUri } from '../workspace/read-only-documents.ts'
import { type CommandContext, openSession } from './command-context.ts'
import type { Handlers } from './command-table.ts'
import { versionAfter } from './served-releases.ts'
import { type ChosenFunction, chooseFunction } from './targets.ts'
import { firstFault } from './validation.ts'

export function releaseCommands(context: CommandContext): Pick<Handlers, 'imprun.compareReleases' | 'imprun.publishAs'> {
  const { t } = context
  return {
    'imprun.compareReleases': async (target) => {
      const chosen = await chooseFunction(context, target, t('Compare releases of'))
      if (chosen) await compare(context, chosen)
    },

    'imprun.publishAs': async (target) => {
      const chosen = await chooseFunction(context, target, t('Publish which function?'))
      if (chosen) await publishAs(context, chosen)
    },
  }
}

async function compare(context: CommandContext, chosen: ChosenFunction): Promise<void> {
  const { prompts, t } = context
  const { api } = openSession(context)
  const params = { gatewayId: chosen.gatewayId, functionId: chosen.functionId }
  const { items } = await api.call('listReleases', { params, query: { limit: pageLimitMax } })
  if (items.length < 2) {
    await prompts.offer('info', t('{0} has fewer than two releases.', chosen.name))
    return
  }
  const one = await prompts.pick(t('Compare {0}: one release', chosen.name), items.map(choiceOf))
  if (!one) return
  const others = items.filter((item) => item !== one)
  const other = await prompts.pick(t('Compare {0} {1} with', chosen.name, one.version), others.map(choiceOf))
  if (!other) return
  // The older one is on the left, whichever was picked first.
  const [to, from] = items.indexOf(one) < items.indexOf(other) ? [one, other] : [other, one]
  await show(context, await api.call('compareReleases', { params: { ...params, releaseId: to.releaseId }, query: { from: from.releaseId } }))
}

const choiceOf = (release: Release) => ({
  label: release.version,
  description: [release.createdBy, new Date(release.createdAt).toLocaleString()].join(' · '),
  ...(release.notes ? { detail: release.notes.split('\n')[0] ?? '' } : {}),
  value: release,
})

/** Packages have no text, so they are told. */
async function show({ prompts, t }: CommandContext, { from, to, files, packages }: ReleaseComparison): Promise<void> {
  const title = `${to.functionName}: ${from.version} ↔ ${to.version}`
  const sides = files.map(({ file }) => ({ left: uriOf(from, file), right: uriOf(to, file) }))
  await openDifferences(title, sides)
  if (packages.length > 0) {
    const none = t('(nothing)')
    const changes = packages.map(({ name, before, after }) => `${name} ${before ?? none} → ${after ?? none}`)
    await prompts.offer('info', t('Packages that changed: {0}', changes.join(', ')))
  } else if (sides.length === 0) await prompts.offer('info', t('{0} and {1} are the same text.', from.version, to.version))
}

/** Every release was made for dev. */
function uriOf({ gatewayId, functionId, functionName: name, releaseId, version }: Release, file: string): vscode.Uri {
  return readOnlyUri({ kind: 'release', gatewayId, functionId, name, environment: 'dev', releaseId, version, ...(file === `${name}.ts` ? {} : { file }) })
}

async function publishAs(context: CommandContext, chosen: ChosenFunction): Promise<void> {
  const { mirror, mirrorStore, prompts, publisher, t } = context
  const params = { gatewayId: chosen.gatewayId, functionId: chosen.functionId }
  const bump = await prompts.pick(
    t('Publish {0} to dev as', chosen.name),
    openSession(context)
      .api.call('listReleases', { params, query: { limit: 1 } })
      .then(({ items: [latest] }) => bumpChoices(latest?.version, context)),
  )
  if (!bump) return
  const notes = await prompts.input({
    title: t('What is new in {0}?', chosen.name),
    prompt: t('Notes of the release, for people. May be left empty.'),
    validate: (text) => (text.trim() === '' ? undefined : firstFault(releaseNotesSchema, text)),
  })
  if (notes === undefined) return
  const { file, key } = await mirror.bring(chosen.gatewayId, chosen.functionId)
  const document = vscode.workspace.textDocuments.find((open) => open.uri.scheme === 'file' && open.uri.fsPath === file)
  const text = document?.getText() ?? (await mirrorStore.findText(key))
  if (text === undefined) return
  await publisher.release(key, text, { bump, ...(notes.trim() === '' ? {} : { notes }) })
  // Only now: a save before it would make a release of its own.
  if (document?.isDirty) await document.save()
}

function bumpChoices(latest: string | undefined, { t }: CommandContext): { label: string; description: string; detail: string; value: Bump }[] {
  const details: Record<Bump, string> = {
    patch: t('A repair: nobody has to do anything.'),
    minor: t('Something new: what there was works as before.'),
    major: t('Callers may have to change something.'),
  }
  return bumps.map((bump) => ({ label: bump, description: versionAfter(latest, bump), detail: details[bump], value: bump }))
}
