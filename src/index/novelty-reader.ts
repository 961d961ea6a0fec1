// Transactions of the log straight into novelty: values go from the bytes of a frame to columns, and an object is made
// only of what is looked at on the way, facts that describe the schema or the transaction, and retractions.

import type { ByteReader } from '../base/bytes.ts'
import type { AttributeId, EntityId, T } from '../fact/attribute.ts'
import { BUILTIN_ATTRIBUTE_COUNT } from '../fact/bootstrap.ts'
import type { Datom } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import type { FactSink } from '../log/transaction-codec.ts'
import { readValue } from '../log/value-codec.ts'
import type { Novelty } from './novelty.ts'

export class NoveltyReader implements FactSink {
  readonly #novelty: Novelty
  #schema: Schema
  #t: T = -1
  #txInstantMs = 0
  #lookedAt: Datom[] = []

  /** `schema` is that of the last t in `novelty`. */
  constructor(novelty: Novelty, schema: Schema) {
    this.#novelty = novelty
    this.#schema = schema
  }

  /** That of the last transaction read. */
  get schema(): Schema {
    return this.#schema
  }

  begin(t: T, txInstantMs: number): void {
    this.#t = t
    this.#txInstantMs = txInstantMs
    this.#lookedAt = []
  }

  fact(e: EntityId, a: AttributeId, added: boolean, bytes: ByteReader): void {
    const t = this.#t
    if (added && a >= BUILTIN_ATTRIBUTE_COUNT) this.#novelty.read(e, a, t, bytes, this.#txInstantMs)
    else this.#lookedAt.push({ e, a, v: readValue(bytes, this.#txInstantMs), t, added })
  }

  end(): void {
    // What a transaction retracts was asserted before it, so that its assertions may enter first.
    this.#novelty.add(this.#t, this.#lookedAt)
    this.#schema = this.#schema.apply(this.#lookedAt)
  }
}
