// A few words of memory that a worker shares with its pool, since a computing thread hears no message: which job it was
// sent last, which it began, and up to which its jobs were cancelled. Ids of jobs only grow.

const SENT = 0
const BEGUN = 1
const CANCELLED = 2

export class WorkerWords {
  readonly words: Int32Array

  constructor(words: Int32Array = new Int32Array(new SharedArrayBuffer(12))) {
    this.words = words
  }

  send(id: number): void {
    Atomics.store(this.words, SENT, id)
  }

  begin(id: number): void {
    Atomics.store(this.words, BEGUN, id)
  }

  hasBegun(id: number): boolean {
    return Atomics.load(this.words, BEGUN) >= id
  }

  cancel(id: number): void {
    Atomics.store(this.words, CANCELLED, id)
  }

  /** True while a job waits that the worker did not begin. */
  get isJobWaiting(): boolean {
    return Atomics.load(this.words, SENT) !== Atomics.load(this.words, BEGUN)
  }

  isCancelled(id: number): boolean {
    return Atomics.load(this.words, CANCELLED) >= id
  }
}
