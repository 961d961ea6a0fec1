// How the threads of a team write to each other: a channel from each to each, since whoever has joined a channel has to
// hear all that is said in it. A message waits where its reader computes; `receive` takes it in the midst of that.

import type { Processes, ThreadChannel } from '../../base/env.ts'
import type { Member } from './morsels.ts'

export class TeamMail implements Disposable {
  readonly #processes: Pick<Processes, 'joinChannel'>
  readonly #name: string
  readonly #self: Member
  /** From each slot of the team to this thread, whoever has the slot. */
  readonly #inboxes: readonly ThreadChannel[]
  /** To the thread that each slot had last. */
  readonly #outboxes = new Map<number, { readonly generation: number; readonly channel: ThreadChannel }>()

  /** `name` is that of the team. */
  constructor(
    processes: Pick<Processes, 'joinChannel'>,
    name: string,
    { self, slotCount }: { readonly self: Member; readonly slotCount: number },
  ) {
    this.#processes = processes
    this.#name = name
    this.#self = self
    this.#inboxes = Array.from({ length: slotCount }, (_, slot) =>
      processes.joinChannel(this.#channelName(slot, self)),
    )
  }

  onMessage(handler: (message: unknown) => void): void {
    for (const inbox of this.#inboxes) inbox.onMessage(handler)
  }

  /** The oldest message that waits from a slot; undefined for none. */
  receive(slot: number): unknown {
    return this.#inboxes[slot]!.receive()
  }

  post(to: Member, message: unknown): void {
    const known = this.#outboxes.get(to.slot)
    if (known?.generation === to.generation) return known.channel.post(message)
    known?.channel[Symbol.dispose]()
    const channel = this.#processes.joinChannel(this.#channelName(this.#self.slot, to))
    this.#outboxes.set(to.slot, { generation: to.generation, channel })
    channel.post(message)
  }

  [Symbol.dispose](): void {
    for (const inbox of this.#inboxes) inbox[Symbol.dispose]()
    for (const { channel } of this.#outboxes.values()) channel[Symbol.dispose]()
  }

  #channelName(fromSlot: number, { slot, generation }: Member): string {
    return `${this.#name} ${fromSlot} to ${slot}.${generation}`
  }
}
