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

  it('has no address in any text', () => {
    const texts = [
      'connection to 10.1.2.3:27017 closed',
      'cannot use mongodb://user:secret@host:27017/db',
      'mongo-0.mongo:27017 says no',
      'localhost:50123 is busy',
    ]
    for (const text of texts) {
      const { message } = describeDataError(new MongoServerError({ message: text, writeErrors: [] }))
      assert.doesNotMatch(message, /10\.1\.2\.3|secret|mongo-0|50123/)
    }
  })

  it('is something even when what was thrown is nothing', () => {
    assert.equal(describeDataError(undefined).name, 'Error')
  })
})
