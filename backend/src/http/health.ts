import { Router } from 'express'

/** One part of the backend: whether requests can be served as far as it is concerned, and its state for people. */
export interface PartState {
  isReady: boolean
  state: string
  lastError?: string
}
export type Readiness = () => Promise<Record<string, PartState>>

/** `/healthz`: the process answers. `/readyz`: its parts do their work; 503 with the same body when one does not. Both without sign-in. */
export function createHealthRouter(readiness: Readiness): Router {
  const router = Router()
  router.get('/healthz', (_req, res) => {
    res.type('text/plain').send('ok')
  })
  router.get('/readyz', async (_req, res) => {
    const parts = await readiness()
    const isReady = Object.values(parts).every((part) => part.isReady)
    res.status(isReady ? 200 : 503).json({ isReady, parts })
  })
  return router
}
