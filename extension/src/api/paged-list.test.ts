import { strict as assert } from 'node:assert'
import type { Page } from '@imprun/contracts'
import { eventually } from '../../test/support/eventually.ts'
import { PagedList } from './paged-list.ts'

interface Row {
  id: string
  text?: string
}

function givenList(pages: Record<string, Page<Row>>, accepts?: (row: Row) => boolean) {
  const changes: (string | undefined)[] = []
  const asked: (string | undefined)[] = []
  const list = new PagedList<Row>({
    async fetchPage(cursor) {
      asked.push(cursor)
      return pages[cursor ?? ''] ?? { items: [] }
    },
    keyOf: (row) => row.id,
    compare: (a, b) => a.id.localeCompare(b.id),
    ...(accepts ? { accepts } : {}),
    onChange: (key) => changes.push(key),
  })
  const ids = () => list.items.map((row) => row.id).join('')
  return { list, changes, asked, ids, pages }
}

describe('a paged list', () => {
  it('asks once however many wait for it', async () => {
    const { list, asked } = givenList({ '': { items: [{ id: 'a' }] } })
    await Promise.all([list.ensureLoaded(), list.ensureLoaded()])
    await list.ensureLoaded()
    assert.deepEqual(asked, [undefined])
  })

  it('is read again after it expired by whoever looks at it next, and shows what it had meanwhile', async () => {
    const { list, asked, ids, pages } = givenList({ '': { items: [{ id: 'a' }] } })
    list.expire()
    assert.deepEqual(asked, [])
    await list.ensureLoaded()
    pages[''] = { items: [{ id: 'b' }] }
    list.expire()
    assert.equal((await list.ensureLoaded()).length, 1)
    assert.equal(ids(), 'a')
    await eventually(() => assert.equal(ids(), 'b'))
    await list.ensureLoaded()
    assert.deepEqual(asked, [undefined, undefined])
  })

  it('reads on where the last page ended, and reads all of it again on reload', async () => {
    const { list, asked, ids } = givenList({ '': { items: [{ id: 'a' }], nextCursor: '1' }, 1: { items: [{ id: 'b' }] } })
    await list.ensureLoaded()
    assert.equal(list.hasMore, true)
    await list.loadMore()
    assert.equal(ids(), 'ab')
    assert.equal(list.hasMore, false)
    await list.reload()
    assert.deepEqual(asked, [undefined, '1', undefined, '1'])
    assert.equal(ids(), 'ab')
  })

  it('keeps order, replaces in place and tells which row alone changed', async () => {
    const { list, changes, ids } = givenList({ '': { items: [{ id: 'a' }, { id: 'c' }] } })
    await list.ensureLoaded()
    list.upsert({ id: 'b' })
    list.upsert({ id: 'c', text: 'new' })
    list.remove('a')
    assert.equal(ids(), 'bc')
    assert.equal(list.find('c')?.text, 'new')
    assert.deepEqual(changes.slice(1), [undefined, 'c', undefined])
  })

  it('leaves what lies behind the last page to that page', async () => {
    const { list, ids } = givenList({ '': { items: [{ id: 'a' }, { id: 'm' }], nextCursor: '1' } })
    await list.ensureLoaded()
    list.upsert({ id: 'z' })
    list.upsert({ id: 'b' })
    assert.equal(ids(), 'abm')
  })

  it('drops a row that no longer passes the filter', async () => {
    const { list, ids } = givenList({ '': { items: [{ id: 'a', text: 'tax' }] } }, (row) => row.text === 'tax')
    await list.ensureLoaded()
    list.upsert({ id: 'b', text: 'other' })
    list.upsert({ id: 'a', text: 'other' })
    assert.equal(ids(), '')
  })

  it('lets an event win over an answer that was asked for before it', async () => {
    const gate = Promise.withResolvers<Page<Row>>()
    const list = new PagedList<Row>({
      fetchPage: () => gate.promise,
      keyOf: (row) => row.id,
      compare: (a, b) => a.id.localeCompare(b.id),
      onChange: () => {},
    })
    const loading = list.ensureLoaded()
    list.upsert({ id: 'a', text: 'newer' })
    list.remove('gone')
    gate.resolve({ items: [{ id: 'a', text: 'older' }, { id: 'gone' }] })
    await loading
    assert.deepEqual(list.items, [{ id: 'a', text: 'newer' }])
  })

  it('tries again after a failure', async () => {
    let isBroken = true
    const list = new PagedList<Row>({
      async fetchPage() {
        if (isBroken) throw new Error('down')
        return { items: [{ id: 'a' }] }
      },
      keyOf: (row) => row.id,
      compare: (a, b) => a.id.localeCompare(b.id),
      onChange: () => {},
    })
    await assert.rejects(list.ensureLoaded())
    isBroken = false
    assert.equal((await list.ensureLoaded()).length, 1)
  })
})
