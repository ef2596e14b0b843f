import type { Deployment } from '@imprun/contracts'
import { describeProgress, stepsOf } from '../tree/describe-deployment.ts'
import { localTime } from '../tree/describe-environment.ts'
import type { Translate } from '../ui/translate.ts'

/** Everything that is known of a deployment, as a page to read and to copy from. */
export function deploymentText(deployment: Deployment, t: Translate): string {
  const facts: [string, string | undefined][] = [
    [t('Function'), `${deployment.gatewayId}/${deployment.functionName}`],
    [t('Environment'), deployment.from ? `${deployment.from} → ${deployment.environment}` : deployment.environment],
    [t('Version'), deployment.version],
    [t('Status'), `${deployment.status} · ${describeProgress(deployment, t)}`],
    [t('By'), deployment.by],
    [t('Asked for'), localTime(deployment.createdAt)],
    [t('Ended'), deployment.finishedAt && `${localTime(deployment.finishedAt)} · ${durationOf(deployment.createdAt, deployment.finishedAt)}`],
    [t('Reason'), deployment.reason],
    [t('Deployment'), deployment.deploymentId],
    [t('Release'), deployment.releaseId],
    [t('Set'), deployment.setId],
    [t('Superseded by'), deployment.supersededBy],
  ]
  const known = facts.filter((fact): fact is [string, string] => fact[1] !== undefined)
  const width = Math.max(...known.map(([label]) => label.length))
  return [
    deployment.message,
    '',
    ...known.map(([label, text]) => `${label.padEnd(width)}  ${text}`),
    ...section(
      t('Steps'),
      stepsOf(deployment, t).map(({ label, description }) => [label, description].filter(Boolean).join(' · ')),
    ),
    ...section(t('Error'), errorLines(deployment)),
    ...section(t('Warnings'), deployment.warnings?.map(({ code, detail }) => `${code}: ${detail}`) ?? []),
    '',
  ].join('\n')
}

const section = (title: string, lines: readonly string[]) => (lines.length > 0 ? ['', title, ...lines.map((line) => `  ${line}`)] : [])

function errorLines({ error }: Deployment): string[] {
  if (!error) return []
  return [`${error.code}: ${error.detail}`, ...(error.errors ?? []).map(({ field, message }) => `${field}: ${message}`)]
}

function durationOf(from: string, to: string): string {
  const ms = new Date(to).getTime() - new Date(from).getTime()
  return ms < 10_000 ? `${ms} ms` : `${Math.round(ms / 1000)} s`
}
