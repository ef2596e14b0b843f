import type { CandidateHost } from '../../src/front/canary/candidates.ts'

/** Counts that nobody is told. */
export function givenCanaryCounts(): CandidateHost['canaryCounts'] & { readonly ended: string[] } {
  const ended: string[] = []
  return {
    ended,
    begin: () => ({ baseline: { calls: 0, failed: 0 }, candidate: { calls: 0, failed: 0 } }),
    end: (deploymentId) => void ended.push(deploymentId),
  }
}
