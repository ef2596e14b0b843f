import { strict as assert } from 'node:assert'
import { createWakeLoop } from './wake-loop.ts'

const never = 1_000_000
const untilIdle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

describe('a wake loop', () => {
  it('never runs twice at once and runs once more for wakes that came meanwhile', async () => {
    let runs = 0
    let open = 0
    let go = (): void => {}
    const loop = createWakeLoop({
      run: async () => {
        runs += 1
        open += 1
        assert.equal(open, 1)
        await new Promise<void>((resolve) => {
          go = resolve
        })
        open -= 1
      },
      tickMs: () => never,
      retryDelayMs: () => never,
      onError: assert.fail,
      onTick: () => {},
    })
    loop.wake()
    for (let i = 0; i < 5; i++) loop.wake()
    await untilIdle()
    assert.equal(runs, 1)
    go()
    await untilIdle()
    assert.equal(runs, 2)
    go()
    await loop.stop()
    assert.equal(runs, 2)
  })
  it('runs by itself at its tick', async () => {
    let ticks = 0
    const ran = Promise.withResolvers<void>()
    const loop = createWakeLoop({
      run: async () => ran.resolve(),
      tickMs: () => 1,
      retryDelayMs: () => never,
      onError: assert.fail,
      onTick: () => {
        ticks += 1
      },
    })
    const keepAlive = setTimeout(() => {}, never)
    await ran.promise
    clearTimeout(keepAlive)
    assert.ok(ticks >= 1)
    await loop.stop()
  })
  it('waits after a failure, also when it is woken, and then goes on', async () => {
    const failures: number[] = []
    const mended = Promise.withResolvers<void>()
    let runs = 0
    const loop = createWakeLoop({
      run: async () => {
        runs += 1
        if (runs < 3) throw new Error('not yet')
        mended.resolve()
      },
      tickMs: () => never,
      retryDelayMs: (failuresInARow) => {
        failures.push(failuresInARow)
        return 1
      },
      onError: () => loop.wake(),
      onTick: () => {},
    })
    loop.wake()
    const keepAlive = setTimeout(() => {}, never)
    await mended.promise
    clearTimeout(keepAlive)
    assert.deepEqual(failures, [1, 2])
    await loop.stop()
  })
  it('tells its run that it stops, and waits for it', async () => {
    let hasEnded = false
    const loop = createWakeLoop({
      run: (signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            hasEnded = true
            resolve()
          }),
        ),
      tickMs: () => never,
      retryDelayMs: () => never,
      onError: assert.fail,
      onTick: () => {},
    })
    loop.wake()
    await untilIdle()
    await loop.stop()
    assert.ok(hasEnded)
  })
})
