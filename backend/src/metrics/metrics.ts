import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { dueSince, type StoredDeployment } from '../deployments/stored-deployment.ts'
import type { EngineEvent } from '../phases/engine.ts'
import type { QueueDepth } from '../phases/queue-depth.ts'

/** What is counted as it happens. It must not throw, and costs the one who reports nothing worth measuring. */
export interface Metrics {
  deploymentEnded(deployment: Pick<StoredDeployment, 'status' | 'gatewayId' | 'functionName' | 'createdAt' | 'approval' | 'finishedAt'>): void
  engineEvent(kind: string, event: EngineEvent): void
  /** In the text format of Prometheus. Queues are counted in the database at that moment. @throws the driver's error */
  read(): Promise<{ contentType: string; text: string }>
}

/** Deployments are served in milliseconds, and may wait for runtimes up to 30 s. */
const deploymentBucketsS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
const claimBucketsS = [0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5, 30]

/** The first two names are those of the user's document. @param queues by kind of document, for example `gateway` */
export function createMetrics(queues: () => Record<string, () => Promise<QueueDepth>>): Metrics {
  const registry = new Registry()
  const registers = [registry]
  const deployments = new Counter({ name: 'deployments_total', help: 'Deployments that ended', labelNames: ['status', 'service'], registers })
  const durations = new Histogram({ name: 'deployment_duration_seconds', help: 'From asked for to ended', buckets: deploymentBucketsS, registers })
  const claimLatency = new Histogram({
    name: 'imprun_engine_claim_latency_seconds',
    help: 'From due to claimed',
    labelNames: ['kind'],
    buckets: claimBucketsS,
    registers,
  })
  const steps = new Counter({ name: 'imprun_engine_steps_total', help: 'Steps that ended, by outcome', labelNames: ['kind', 'outcome'], registers })
  const gauge = (name: string, help: string) => new Gauge({ name, help, labelNames: ['kind'], registers })
  const due = gauge('imprun_engine_due', 'Documents that a step is due for')
  const oldestDue = gauge('imprun_engine_oldest_due_seconds', 'How long the oldest of them has been due')
  const stalled = gauge('imprun_engine_stalled', 'Documents that failed so often that they are only tried now and then')

  return {
    deploymentEnded({ status, gatewayId, functionName, finishedAt, ...since }) {
      deployments.inc({ status, service: `${gatewayId}/${functionName}` })
      if (finishedAt) durations.observe((finishedAt.getTime() - dueSince(since).getTime()) / 1000)
    },
    engineEvent(kind, event) {
      if (event.type === 'claimed') claimLatency.observe({ kind }, event.waitedMs / 1000)
      else if (event.type !== 'released' && event.type !== 'decided') steps.inc({ kind, outcome: event.type })
    },
    async read() {
      const depths = Object.entries(queues()).map(async ([kind, read]) => {
        const depth = await read()
        due.set({ kind }, depth.due)
        oldestDue.set({ kind }, depth.oldestDueMs / 1000)
        stalled.set({ kind }, depth.stalled)
      })
      await Promise.all(depths)
      return { contentType: registry.contentType, text: await registry.metrics() }
    },
  }
}
