export interface Disposable {
  dispose(): unknown
}

/** Owns what it is given and disposes it in reverse order. What is added after disposal is disposed at once. */
export class Disposables implements Disposable {
  readonly #items: Disposable[] = []
  #isDisposed = false

  add<Item extends Disposable>(item: Item): Item {
    if (this.#isDisposed) item.dispose()
    else this.#items.push(item)
    return item
  }

  dispose(): void {
    this.#isDisposed = true
    for (const item of this.#items.splice(0).reverse()) item.dispose()
  }
}
