import { strict as assert } from 'node:assert'
import type { Bell, BellHint, BellState, Listening } from '../../src/front/functions/bell.ts'
import { eventually } from './eventually.ts'

/** One kind of bell, made ready for the suite. */
export interface GivenBell extends AsyncDisposable {
  readonly bell: Bell
  /** Changes something that a listener of this gateway has to hear of. */
  change(gatewayId: string): Promise<void>
  /** Cuts the bell off from whatever makes it ring, and joins it again. Absent: nothing can cut it off. */
  cutOff(): Promise<void>
  rejoin(): Promise<void>
}

/** What every bell keeps to, run by the test of each adapter. */
export function testBell(name: string, givenBell: () => Promise<GivenBell>): void {
  const listen = (bell: Bell, gatewayId: string) => {
    const hints: (BellHint | undefined)[] = []
    const states: BellState[] = []
    const listening: Listening = bell.listen({ gatewayId, gatewayDatabase: `gatewayid_${gatewayId}` }, (hint) => hints.push(hint))
    listening.onState((state) => states.push(state))
    return { hints, states, listening, isLive: () => eventually(() => assert.equal(listening.state(), 'live')) }
  }

  describe(`the bell ${name}`, () => {
    it('becomes live and wakes its listener after a change', async () => {
      await using given = await givenBell()
      const { hints, listening, isLive } = listen(given.bell, 'a')
      await isLive()
      await given.change('a')
      await eventually(() => assert.ok(hints.length > 0))
      await listening.close()
    })
    it('wakes nobody for the change of another gateway', async () => {
      await using given = await givenBell()
      // Not the names of other tests: a bell may ring once more for a change before it was listened to.
      const a = listen(given.bell, 'unchanged')
      const b = listen(given.bell, 'changed')
      await Promise.all([a.isLive(), b.isLive()])
      await given.change('changed')
      await eventually(() => assert.ok(b.hints.length > 0))
      assert.deepEqual(a.hints, [])
      await Promise.all([a.listening.close(), b.listening.close()])
    })
    it('wakes nobody after it was closed', async () => {
      await using given = await givenBell()
      const { hints, listening, isLive } = listen(given.bell, 'a')
      const witness = listen(given.bell, 'a')
      await Promise.all([isLive(), witness.isLive()])
      await listening.close()
      await given.change('a')
      await eventually(() => assert.ok(witness.hints.length > 0))
      assert.deepEqual(hints, [])
      await witness.listening.close()
    })
    it('says that it is deaf while it is cut off, and that it is live again', async function () {
      await using given = await givenBell()
      this.timeout(60_000)
      const { hints, states, listening, isLive } = listen(given.bell, 'a')
      await isLive()
      await given.cutOff()
      await eventually(() => assert.equal(listening.state(), 'deaf'), 20_000)
      await given.rejoin()
      await eventually(() => assert.equal(listening.state(), 'live'), 20_000)
      assert.deepEqual(states.slice(0, 3), ['live', 'deaf', 'live'])
      hints.length = 0
      await given.change('a')
      await eventually(() => assert.ok(hints.length > 0))
      await listening.close()
    })
  })
}
