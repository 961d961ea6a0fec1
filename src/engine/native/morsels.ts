// The work of one plan as morsels that threads take as they get to them (Leis et al. 2014): each is a range of the
// entities with which the plan begins. Whoever takes the last one finds no more, so a thread that comes late or works
// slowly holds nobody up by more than a morsel. All of it stands in a few words of shared memory.
//
// Whoever asks takes them from the first on, helpers from the last on: what helpers find follows what the asker found,
// and answers mostly lie in the order of their entities.

/** Words in front of those of the members. */
const TAKEN = 0
const TAKEN_BY_HELPERS = 1
const IS_STOPPED = 2
const FIRST_MEMBER = 3

/** A thread of a team: its place in the pool, and how many had that place before. */
export type Member = { readonly slot: number; readonly generation: number }

/** Entities from `from` on, up to `to` excluded. */
export type EntityRange = { readonly from: number; readonly to: number }

export type SentMorsels = { readonly words: Int32Array; readonly cuts: Float64Array }

export class Morsels {
  readonly #words: Int32Array
  /** The first entity of each morsel but the first. */
  readonly #cuts: Float64Array
  /** Taken by the one who asks. */
  #ownCount = 0

  private constructor({ words, cuts }: SentMorsels) {
    this.#words = words
    this.#cuts = cuts
  }

  static of(cuts: Float64Array, slotCount: number): Morsels {
    const words = new Int32Array(new SharedArrayBuffer((FIRST_MEMBER + slotCount) * 4))
    return new Morsels({ words, cuts })
  }

  static received(sent: SentMorsels): Morsels {
    return new Morsels(sent)
  }

  get sent(): SentMorsels {
    return { words: this.#words, cuts: this.#cuts }
  }

  get count(): number {
    return this.#cuts.length + 1
  }

  /** The first morsel that nobody took, for the one who asks; undefined where there is none. */
  takeFirst(): number | undefined {
    return this.#mayTake() ? this.#ownCount++ : undefined
  }

  /** The last one, for a helper. */
  takeLast(): number | undefined {
    return this.#mayTake() ? this.count - 1 - Atomics.add(this.#words, TAKEN_BY_HELPERS, 1) : undefined
  }

  /** No more are taken from both ends together than there are. */
  #mayTake(): boolean {
    const isLeft = Atomics.add(this.#words, TAKEN, 1) < this.count
    Atomics.notify(this.#words, TAKEN)
    return isLeft
  }

  /** Waits until more morsels than so many are taken, at most so long. */
  waitForTaker(takenCount: number, ms: number): void {
    if (ms > 0) Atomics.wait(this.#words, TAKEN, takenCount, ms)
  }

  rangeOf(index: number): EntityRange {
    return { from: this.#cuts[index - 1] ?? -Infinity, to: this.#cuts[index] ?? Infinity }
  }

  get isStopped(): boolean {
    return Atomics.load(this.#words, IS_STOPPED) === 1
  }

  /** Tells everybody to leave, and that there is nothing more to take. */
  stop(): void {
    Atomics.store(this.#words, IS_STOPPED, 1)
    Atomics.store(this.#words, TAKEN, this.count)
  }

  /** Before the first morsel is taken. */
  join({ slot, generation }: Member): void {
    Atomics.store(this.#words, FIRST_MEMBER + slot, generation)
  }

  /** After all that was found has been posted. */
  leave({ slot, generation }: Member): void {
    Atomics.store(this.#words, FIRST_MEMBER + slot, -generation)
    Atomics.notify(this.#words, FIRST_MEMBER + slot)
  }

  /** True while a member that joined has not left. */
  isInside({ slot, generation }: Member): boolean {
    return Atomics.load(this.#words, FIRST_MEMBER + slot) === generation
  }

  /** Waits until a member leaves, at most so long. */
  wait({ slot, generation }: Member, ms: number): void {
    Atomics.wait(this.#words, FIRST_MEMBER + slot, generation, ms)
  }
}
