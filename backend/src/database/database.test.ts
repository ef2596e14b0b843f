import { strict as assert } from 'node:assert'
import { uriForUser } from './database.ts'

describe('address for another user', () => {
  it('keeps hosts and options and changes who signs in', () => {
    assert.equal(
      uriForUser('mongodb://root:s%40cret@a:1,b:2/admin?replicaSet=rs&authSource=other&authMechanism=X', 'front', 'p@ss/word'),
      'mongodb://front:p%40ss%2Fword@a:1,b:2/?replicaSet=rs&authSource=admin',
    )
    assert.equal(uriForUser('mongodb+srv://cluster.example', 'u', 'p'), 'mongodb+srv://u:p@cluster.example/?authSource=admin')
    assert.equal(uriForUser('mongodb://127.0.0.1:27017', 'u', 'p'), 'mongodb://u:p@127.0.0.1:27017/?authSource=admin')
  })

  it('refuses what is no address of MongoDB without repeating it', () => {
    assert.throws(
      () => uriForUser('redis://:hunter2@x', 'u', 'p'),
      ({ message }: Error) => !message.includes('hunter2'),
    )
  })
})
