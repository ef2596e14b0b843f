import type { DataSession } from './data-session.ts'

export interface DataAccess {
  openSession(): DataSession
}

export function createDataAccess(_uri: string, _database: string): DataAccess {
  return { openSession: () => ({ run: () => Promise.reject(new Error('later')), close: () => undefined }) }
}
