import type { NotificationEvent } from '@imprun/contracts'

const signs: Record<NotificationEvent['type'], string> = {
  'deployment.started': '🚀 Deployment started',
  'deployment.succeeded': '✅ Deployment succeeded',
  'deployment.failed': '❌ Deployment failed',
  'deployment.rolled_back': '↩️ Deployment rolled back',
  'deployment.superseded': '⏭️ Deployment superseded',
  'approval.requested': '✋ Approval requested',
  'gateway.stalled': '⚠️ Gateway stalled',
  'environment.stalled': '⚠️ Environment stalled',
  'environment.drifted': '⚠️ Environment drifted',
  test: '🔔 Test message',
}

export const headline = ({ type }: NotificationEvent): string => signs[type]

/** What is told below the headline, one fact a line. */
export const lines = ({ data }: NotificationEvent): string[] => [
  ...(data.functionName === undefined ? [] : [`Service: ${data.gatewayId}/${data.functionName}`]),
  data.message,
  ...(data.by === undefined ? [] : [`By ${data.by}${data.reason === undefined ? '' : `: ${data.reason}`}`]),
]
