import type { CandidateHost } from '../../src/front/canary/candidates.ts'

/** Counts that nobody is told. */
export function givenCanaryCounts(): CandidateHost['canaryCounts'] & { readonly ended: string[] } {
  const ended: string[] = []
  return {
    ended,
    begin: () => ({ baseline: { calls: 0, failed: 0, open: new Set() }, candidate: { calls: 0, failed: 0, open: new Set() } }),
    end: (deploymentId) => void ended.push(deploymentId),
  }
}
