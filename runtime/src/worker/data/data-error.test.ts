import { strict as assert } from 'node:assert'
import { MongoNetworkError, MongoServerError } from 'mongodb'
import { DataAccessRefused, describeDataError } from './data-error.ts'

describe('what a function is told of a failed operation', () => {
  it('is name, code and message of the driver', () => {
    const error = new MongoServerError({ message: 'E11000 duplicate key', code: 11000, codeName: 'DuplicateKey', keyPattern: { a: 1 }, keyValue: { a: 2 } })
    assert.deepEqual(describeDataError(error), {
      name: 'MongoServerError',
      message: 'E11000 duplicate key',
      code: 11000,
      codeName: 'DuplicateKey',
      keyPattern: { a: 1 },
      keyValue: { a: 2 },
    })
  })

  it('is a refusal as it is', () => {
    const { name, code, message } = describeDataError(new DataAccessRefused('Not this one.'))
    assert.deepEqual([name, code, message], ['DataAccessRefused', 'DATA_ACCESS_REFUSED', 'Not this one.'])
  })

  it('never tells where the database is, nor what the server said to our user', () => {
    const away = describeDataError(new MongoNetworkError('connect ECONNREFUSED 10.2.3.4:27017'))
    const denied = describeDataError(new MongoServerError({ message: 'not authorized on x to execute command { find: "y", $clusterTime: {} }', code: 13 }))
    assert.equal(away.code, 'DATABASE_UNAVAILABLE')
    assert.doesNotMatch(JSON.stringify([away, denied]), /10\.2\.3\.4|clusterTime/)
  })

  it('is something even when what was thrown is nothing', () => {
    assert.equal(describeDataError(undefined).name, 'Error')
  })
})
