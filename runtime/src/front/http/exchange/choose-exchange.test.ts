import { strict as assert } from 'node:assert'
import { createLog } from '../../../platform/log.ts'
import { chooseExchange } from './choose-exchange.ts'
import type { ExchangeClasses } from './exchange.ts'
import { LightReply } from './light-reply.ts'
import { LightRequest } from './light-request.ts'
import { tryExchange } from './trial.ts'

const log = createLog('silent', {})
const withRequest = (request: unknown): ExchangeClasses => ({ name: 'light', IncomingMessage: request as never, ServerResponse: LightReply as never })

describe('the choice of HTTP classes', () => {
  it('falls on the light ones with this version of Node', () => {
    assert.equal(chooseExchange('auto', log).name, 'light')
  })
  it("can be made for node's own", () => {
    assert.equal(chooseExchange('node', log).name, 'node')
  })

  class WithoutHead extends LightRequest {
    override _addHeaderLines(): void {}
  }
  class Throwing extends LightRequest {
    override push(): boolean {
      throw new Error('Node calls it otherwise now.')
    }
  }
  class Deaf extends LightRequest {
    override push(): boolean {
      return true
    }
  }
  for (const Faulty of [WithoutHead, Throwing, Deaf]) {
    it(`falls on node's own when the light ones do not fit: ${Faulty.name}`, () => {
      const classes = withRequest(Faulty)
      assert.match(tryExchange(classes) ?? '', /\w/)
      assert.equal(chooseExchange('auto', log, classes).name, 'node')
    })
  }
})
