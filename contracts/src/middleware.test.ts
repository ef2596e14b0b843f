import { strict as assert } from 'node:assert'
import { isMiddlewareName, middlewareNamesOf } from './middleware.ts'
import { functionNameSchema } from './names.ts'

describe('names of middleware', () => {
  it('end in _middleware, at the root or in a folder', () => {
    for (const name of ['_middleware', 'orders/_middleware', 'a/b/_middleware']) {
      assert.ok(isMiddlewareName(name) && functionNameSchema.safeParse(name).success, name)
    }
    for (const name of ['middleware', 'orders_middleware', 'orders/middleware', '_middlewares']) assert.ok(!isMiddlewareName(name), name)
  })
  it('stand for all folders above a function, outermost first', () => {
    assert.deepEqual(middlewareNamesOf('list'), ['_middleware'])
    assert.deepEqual(middlewareNamesOf('orders/eu/list'), ['_middleware', 'orders/_middleware', 'orders/eu/_middleware'])
    assert.deepEqual(middlewareNamesOf('orders/_middleware'), [])
  })
})
