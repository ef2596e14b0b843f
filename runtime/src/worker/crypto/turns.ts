/** So many pieces of work at the same time; the others wait for their turn, in order. */
export class Turns {
  readonly #placesMax: number
  readonly #waiting: (() => void)[] = []
  #taken = 0

  constructor(placesMax: number) {
    this.#placesMax = placesMax
  }
  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= this.#placesMax) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#taken += 1
    try {
      return await work()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#taken -= 1
      else next()
    }
  }
}
