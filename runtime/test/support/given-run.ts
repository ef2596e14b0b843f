import { createHash, randomBytes } from 'node:crypto'
import { gatewayCollections, type RunAnswer, runAnswerSchema, runHeader, type StoredRun } from '@imprun/contracts'
import { compileSource, type GivenEnvironment } from './given-runtime.ts'

/** Runs code once that is saved nowhere, as the backend has a runtime do it. */
export async function runOnce(given: GivenEnvironment, name: string, source: string, query = ''): Promise<RunAnswer> {
  const [id, secret] = [randomBytes(12).toString('hex'), randomBytes(32).toString('hex')]
  const stored: StoredRun = {
    environment: given.environment,
    name,
    ...(await compileSource(name, source)),
    limits: {},
    secretHash: createHash('sha256').update(secret).digest('hex'),
    request: { method: 'POST', query, headers: [], body: '' },
    createdAt: new Date(),
  }
  await given.database.collection<StoredRun & { _id: string }>(gatewayCollections.runs).insertOne({ _id: id, ...stored })
  const answer = await given.fetch(`/${name}`, { headers: { [runHeader]: `${id}.${secret}` } })
  return runAnswerSchema.parse(await answer.json())
}
