// Transaction functions: run on the database before the transaction, their results read as further operations.
// What they read is noted; where it meets what another operation of the same transaction writes, the function
// decided on something that the transaction changes, and its author should know (semantics: "Transactions").

import { VarveError, type Warning } from '../base/errors.ts'
import type { AttributeId, EntityId, T } from '../fact/attribute.ts'
import type { Datom, FactSource, IndexName, IndexRange } from '../fact/datom.ts'
import type { Schema } from '../fact/schema.ts'
import { compareValues, equalValues, type Value } from '../fact/value.ts'
import * as errors from './errors.ts'
import type { FunctionRegistry } from './functions.ts'
import { pathOf, type FunctionCall } from './operation.ts'
import { OPERATION_NAMES, type TransactionParser } from './parse-transaction.ts'
import type { Change } from './transact-changes.ts'
import type { Write } from './transact-datoms.ts'

/** Calls of one transaction, those in results of other calls included. */
export const FUNCTION_CALL_COUNT_MAX = 100_000
export const FUNCTION_CALL_DEPTH_MAX = 1_000
/** Reads of one call that are kept apart; beyond them the call counts as having read everything. */
const READ_COUNT_MAX = 10_000

type Read =
  | {
      readonly kind: 'match'
      readonly e: EntityId | undefined
      readonly a: AttributeId | undefined
      readonly v: Value | undefined
    }
  | { readonly kind: 'range'; readonly index: IndexName; readonly range: IndexRange }
  | { readonly kind: 'everything' }

/** Runs every call that the parser found, until what they return holds no further one. Gives what each read. */
export function runFunctions(
  parser: TransactionParser,
  facts: FactSource,
  functions: FunctionRegistry,
): readonly RecordingFacts[] {
  const recorded: RecordingFacts[] = []
  for (let i = 0; i < parser.calls.length; i++) {
    const call = parser.calls[i]!
    if (i >= FUNCTION_CALL_COUNT_MAX) {
      throw errors.transactionTooLarge('calls of functions', FUNCTION_CALL_COUNT_MAX)
    }
    const depth = call.parent === 0 ? 0 : recorded[call.parent - 1]!.depth + 1
    if (depth > FUNCTION_CALL_DEPTH_MAX) {
      throw errors.transactionTooLarge('calls in results of calls', FUNCTION_CALL_DEPTH_MAX)
    }
    const source = new RecordingFacts(facts, depth)
    recorded.push(source)
    parser.parse(run(call, source, functions), i + 1, call.path)
  }
  return recorded
}

function run(
  call: FunctionCall,
  source: RecordingFacts,
  functions: FunctionRegistry,
): ReturnType<TransactionRun> {
  const registered = functions.get(call.name)
  if (registered?.kind !== 'transaction') {
    const known = [...functions].filter(([, { kind }]) => kind === 'transaction').map(([name]) => name)
    throw errors.withPath(
      errors.notADataFunction(call.name, [...known, ...OPERATION_NAMES]),
      pathOf(call.path),
    )
  }
  try {
    return registered.run(source, ...call.args)
  } catch (error) {
    // A function may refuse with an error of its own kind and code.
    if (error instanceof VarveError) throw errors.withPath(error, pathOf(call.path))
    throw errors.withPath(errors.functionFailed(call.name, error), pathOf(call.path))
  }
}

type TransactionRun = Extract<
  NonNullable<ReturnType<FunctionRegistry['get']>>,
  { readonly kind: 'transaction' }
>['run']

/** The facts before the transaction, as one call sees them. */
export class RecordingFacts implements FactSource {
  readonly reads: Read[] = []
  readonly depth: number
  readonly #facts: FactSource

  constructor(facts: FactSource, depth: number) {
    this.#facts = facts
    this.depth = depth
  }

  get schema(): Schema {
    return this.#facts.schema
  }

  get basisT(): T {
    return this.#facts.basisT
  }

  get isHistory(): boolean {
    return this.#facts.isHistory
  }

  match(e: EntityId | undefined, a: AttributeId | undefined, v: Value | undefined): Iterable<Datom> {
    // A tempid given as argument is nobody yet: an empty answer would be a wrong one.
    if (e !== undefined && e < 0) throw errors.tempidNotAllowed(String(e), 'as argument of a function')
    this.#note({ kind: 'match', e, a, v })
    return this.#facts.match(e, a, v)
  }

  range(index: IndexName, range: IndexRange): Iterable<Datom> {
    this.#note({ kind: 'range', index, range })
    return this.#facts.range(index, range)
  }

  entityCount(kind: number): number {
    return this.#facts.entityCount(kind)
  }

  tAt(instantMs: number): T {
    return this.#facts.tAt(instantMs)
  }

  #note(read: Read): void {
    if (this.reads.length < READ_COUNT_MAX) this.reads.push(read)
    else if (this.reads.length === READ_COUNT_MAX) this.reads.push({ kind: 'everything' })
  }
}

/** One warning for each call that read what another operation writes. */
export function readsThatMeetWrites(
  calls: readonly FunctionCall[],
  recorded: readonly RecordingFacts[],
  changes: readonly Change[],
  replaced: readonly Write[],
  schema: Schema,
): readonly Warning[] {
  const writes = new Writes(changes, replaced)
  const warnings: Warning[] = []
  recorded.forEach(({ reads }, i) => {
    const isOthers = (write: Write): boolean => !isWithinCall(write.origin, i + 1, calls)
    for (const read of reads) {
      const met = writes.of(read).find((write) => isOthers(write) && covers(read, write))
      if (met === undefined) continue
      const { name, path } = calls[i]!
      const fact = `${String(schema.identOf(met.a) ?? met.a)} of ${met.e}`
      warnings.push({
        code: 'varve.warning/reads-meet-writes',
        message: errors.readsMeetWritesMessage(name, fact),
        fix: errors.READS_MEET_WRITES_FIX,
        place: { path: pathOf(path) },
      })
      break
    }
  })
  return warnings
}

/** What a transaction writes, by entity and by attribute. */
class Writes {
  readonly #all: readonly Write[]
  readonly #byEntity: ReadonlyMap<EntityId, readonly Write[]>
  readonly #byAttribute: ReadonlyMap<AttributeId, readonly Write[]>

  constructor(changes: readonly Change[], replaced: readonly Write[]) {
    const effective = changes.filter(({ hasEffect }) => hasEffect)
    this.#all = [
      ...effective.map(({ e, attribute, v, origin }): Write => ({ e, a: attribute.id, v, origin })),
      ...replaced,
    ]
    this.#byEntity = Map.groupBy(this.#all, ({ e }) => e)
    this.#byAttribute = Map.groupBy(this.#all, ({ a }) => a)
  }

  of(read: Read): readonly Write[] {
    if (read.kind !== 'match') return this.#all
    if (read.e !== undefined) return this.#byEntity.get(read.e) ?? []
    return read.a === undefined ? this.#all : (this.#byAttribute.get(read.a) ?? [])
  }
}

function covers(read: Read, { e, a, v }: Write): boolean {
  switch (read.kind) {
    case 'everything':
      return true
    case 'match':
      return (
        (read.e === undefined || read.e === e) &&
        (read.a === undefined || read.a === a) &&
        (read.v === undefined || equalValues(read.v, v))
      )
    case 'range': {
      const { index, range } = read
      const places: Readonly<Record<string, Value>> = { e, a, v }
      for (let i = 0; i < range.prefix.length && i < 3; i++) {
        const wanted = range.prefix[i]
        if (wanted !== undefined && !equalValues(wanted, places[index[i]!]!)) return false
      }
      const bounded = places[index[range.prefix.length] ?? 't']
      if (bounded === undefined) return true
      if (range.from !== undefined && compareValues(bounded, range.from) < 0) return false
      return range.to === undefined || compareValues(bounded, range.to) < 0
    }
  }
}

/** True where the operation came from this call, or from a call in its result. */
function isWithinCall(origin: number, call: number, calls: readonly FunctionCall[]): boolean {
  for (let at = origin; at !== 0; at = calls[at - 1]!.parent) if (at === call) return true
  return false
}
