import { strict as assert } from 'node:assert'
import { skip } from '../../../../test/support/skip.ts'
import { readProcessUsage } from './process-usage.ts'

describe('what the system says of a process', () => {
  before(function () {
    if (process.platform !== 'linux') skip(this, 'Only Linux tells what another process uses (/proc).')
  })
  it('agrees with what the process says of itself', () => {
    const usage = readProcessUsage(process.pid)
    assert.ok(usage !== undefined)
    const { user, system } = process.cpuUsage()
    assert.ok(Math.abs(usage.cpuMs - (user + system) / 1000) < 100, `${usage.cpuMs} ms`)
    const ratio = usage.rssBytes / process.memoryUsage.rss()
    assert.ok(ratio > 0.8 && ratio < 1.25, `${ratio}`)
  })
  it('is nothing for a process that is not there', () => assert.equal(readProcessUsage(2 ** 30), undefined))
})
