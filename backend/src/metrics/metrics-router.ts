import { type RequestHandler, Router } from 'express'
import type { Metrics } from './metrics.ts'

/** `GET /metrics` for Prometheus, without sign-in as usual there: it listens where the API does, on loopback unless told otherwise. */
export const createMetricsHandler = (metrics: Pick<Metrics, 'read'>): RequestHandler =>
  Router().get('/', async (_req, res) => {
    const { contentType, text } = await metrics.read()
    res.set('content-type', contentType).send(text)
  })
