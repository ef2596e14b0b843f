import type { Document } from '../../bson/bson-format.ts'
import { ServerCursor } from './cursor.ts'

/** The result of a pipeline, to which stages can be added until it is read. */
export class AggregationCursor extends ServerCursor {
  readonly #collection: string
  readonly #pipeline: Document[]

  constructor(collection: string, pipeline: Document[], options: Document | undefined) {
    super('aggregate', collection, options)
    this.#collection = collection
    this.#pipeline = [...pipeline]
  }
  protected get values(): Document {
    return { pipeline: this.#pipeline }
  }
  get pipeline(): Document[] {
    return this.#pipeline
  }
  addStage(stage: Document): this {
    this.assertUnread('addStage')
    this.#pipeline.push(stage)
    return this
  }
  match(filter: unknown): this {
    return this.addStage({ $match: filter })
  }
  group(group: unknown): this {
    return this.addStage({ $group: group })
  }
  sort(order: unknown): this {
    return this.addStage({ $sort: order })
  }
  limit(count: number): this {
    return this.addStage({ $limit: count })
  }
  skip(count: number): this {
    return this.addStage({ $skip: count })
  }
  project(projection: unknown): this {
    return this.addStage({ $project: projection })
  }
  lookup(lookup: unknown): this {
    return this.addStage({ $lookup: lookup })
  }
  unwind(unwind: unknown): this {
    return this.addStage({ $unwind: unwind })
  }
  redact(redact: unknown): this {
    return this.addStage({ $redact: redact })
  }
  geoNear(geoNear: unknown): this {
    return this.addStage({ $geoNear: geoNear })
  }
  out(target: unknown): this {
    return this.addStage({ $out: target })
  }
  clone(): AggregationCursor {
    return new AggregationCursor(this.#collection, this.#pipeline, this.options)
  }
}
