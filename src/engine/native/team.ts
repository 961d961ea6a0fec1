// The threads of a pool as a team: a question that reads much is worked on by all that have time. Whoever has the
// question plans it, makes its tables, and offers morsels of it to the others, with the tables in shared memory; it
// works itself meanwhile, and puts what they found to its own.
//
// Nobody depends on a helper. What none of them delivered (it failed, it was ended, it got no processor) is worked on
// again by whoever has the question, which so meets every error as it would alone.

import { isPlanted } from '../../base/planted.ts'
import type { Processes } from '../../base/env.ts'
import type { Attribute } from '../../fact/attribute.ts'
import { type Measured, partsOf } from '../../plan/explain.ts'
import type { Conjunction, PatternStep, Plan } from '../../plan/plan.ts'
import type { SourceName } from '../../plan/syntax.ts'
import type { FindSetting } from '../find.ts'
import type { SentLimits } from '../budget.ts'
import { NumberDomain } from './domain.ts'
import type { Executable } from './executable.ts'
import { type Finding, Found, type SentShare, Share } from './found.ts'
import { type Member, Morsels, type SentMorsels } from './morsels.ts'
import type { Profile } from './profile.ts'
import { sendTree } from './sent-tree.ts'
import { TableExchange } from './sent-table.ts'
import { type Announcement, SharedTables } from './shared-tables.ts'
import { TeamMail } from './team-mail.ts'
import { leadingPatterns } from './split.ts'
import type { RowList } from './table-join.ts'
import type { SentFacts } from './tables-only.ts'

export type TeamLimits = {
  /** A plan is offered to others from so many rows on, all its steps together. */
  readonly sharedRowCountMin: number
  /** Rows of the first pattern in one morsel. */
  readonly morselRowCount: number
  /** How long the one who asks waits for a helper to begin before it goes on itself. */
  readonly beginMsMax: number
  /** A helper is waited for so long at least. */
  readonly patienceMsMin: number
}
export const TEAM_LIMITS: TeamLimits = {
  sharedRowCountMin: 200_000,
  morselRowCount: 8_192,
  beginMsMax: 0,
  patienceMsMin: 5,
}

const MORSEL_COUNT_MAX = 1_024
/** How long to wait for a member before looking at the deadline and whether it lives. */
const WAIT_MS = 5
/** A member is waited for as long as its part would take this thread, so many times. */
const PATIENCE = 2

export type TeamOptions = {
  readonly clock: { nowMs(): number }
  readonly processes: Pick<Processes, 'joinChannel'>
  /** Of this team alone. */
  readonly name: string
  readonly self: Member
  /** The generation of the thread at each slot, negative while it works, 0 where there is none. */
  readonly generations: Int32Array
  readonly limits?: TeamLimits
  /** Asks for the threads that are not there yet. */
  readonly call?: () => void
}

/** A question that was planned and compiled. */
export type Asking = Finding & {
  readonly plan: Plan
  /** Where it is to be explained. */
  readonly profile: Profile | undefined
}

export type Task = {
  readonly kind: 'task'
  readonly id: number
  readonly asker: Member
  readonly morsels: SentMorsels
  /** Sent trees: the plan, and what of the query tells what is found. */
  readonly plan: unknown
  readonly query: unknown
  readonly facts: readonly (readonly [SourceName, SentFacts])[]
  /** What the numbers of each variable of the find stand for. */
  readonly domains: readonly string[]
  readonly limits: SentLimits
  readonly isMeasured: boolean
}

/** What a helper found. */
export type Delivery = {
  readonly kind: 'share'
  readonly task: number
  readonly asker: Member
  readonly share: SentShare
  /** By part of the plan, where that is measured. */
  readonly measured: readonly (Measured | undefined)[]
}

/** What is said in the channel of a team. */
export type Message = Task | Delivery | Announcement

export type Together = { readonly found: Found; readonly workerCount: number }

export class Team {
  readonly mail: TeamMail
  readonly self: Member
  readonly exchange: TableExchange
  readonly tables: SharedTables
  readonly #nowMs: () => number
  readonly #generations: Int32Array
  readonly #limits: TeamLimits
  readonly #call: () => void
  #taskCount = 0
  #workCount = 0

  constructor({ clock, processes, name, self, generations, limits, call }: TeamOptions) {
    this.#nowMs = () => clock.nowMs()
    this.mail = new TeamMail(processes, name, { self, slotCount: generations.length })
    this.self = self
    this.exchange = new TableExchange(`${self.slot}.${self.generation}`)
    this.tables = new SharedTables(this.exchange)
    this.#generations = generations
    this.#limits = limits ?? TEAM_LIMITS
    this.#call = call ?? (() => undefined)
  }

  /** Tells the others of the tables that were made for the last question. */
  announce(): void {
    const announcements = this.tables.announcements()
    if (announcements.length === 0) return
    for (const member of this.#others()) for (const each of announcements) this.tell(member, each)
  }

  tell(member: Member, message: Message): void {
    this.mail.post(member, message)
  }

  /** Until this ends nobody offers this thread anything: so no more waits for it than there are others. */
  begin(): Disposable {
    this.#workCount++
    this.#tellWhetherIdle()
    return {
      [Symbol.dispose]: () => {
        this.#workCount--
        this.#tellWhetherIdle()
      },
    }
  }

  #tellWhetherIdle(): void {
    const { slot, generation } = this.self
    Atomics.store(this.#generations, slot, this.#workCount === 0 ? generation : -generation)
  }

  /** What is found by all who have time; undefined where one does it alone. */
  find(asking: Asking): Together | undefined {
    const { plan, executable } = asking
    const leading = leadingPatterns(plan)
    if (leading === undefined || workOf(plan.body) < this.#limits.sharedRowCountMin) return undefined
    if (this.#others().length < this.#generations.length - 1) this.#call()
    const others = this.#others().filter((member) => this.#isIdle(member))
    if (others.length === 0) return undefined
    const cuts = cutsOf(longest(leading, executable), this.#limits.morselRowCount)
    const domains = cuts.length === 0 ? undefined : domainNames(executable, this.exchange)
    if (domains === undefined) return undefined
    const morsels = Morsels.of(cuts, this.#generations.length)
    const share = new Share(new Found(asking, { isShare: true }), executable, leading)
    try {
      return this.#findWith(asking, { morsels, share, domains, others })
    } finally {
      morsels.stop()
      share.end()
    }
  }

  #findWith(
    asking: Asking,
    {
      morsels,
      share,
      domains,
      others,
    }: {
      readonly morsels: Morsels
      readonly share: Share
      readonly domains: readonly string[]
      readonly others: readonly Member[]
    },
  ): Together | undefined {
    let doneCount = 0
    const next = (): boolean => {
      const index = morsels.takeFirst()
      if (index === undefined) return false
      share.work(index, morsels.rangeOf(index))
      doneCount++
      return true
    }
    // Alone at first: what tables make of their columns is there then, and is sent with them.
    next()
    const id = ++this.#taskCount
    const offered = this.#offer(asking, { id, morsels, domains, others })
    if (offered) morsels.waitForTaker(1, this.#limits.beginMsMax)
    const sinceMs = this.#nowMs()
    while (next()) continue
    const nowMs = this.#nowMs()
    const restMs = ((nowMs - sinceMs) / doneCount) * (morsels.count - doneCount)
    const untilMs = nowMs + Math.max(this.#limits.patienceMsMin, restMs * PATIENCE)
    const shares = offered ? this.#sharesOf(id, { morsels, others, asking, untilMs }) : []
    this.#workOnMissing(morsels, share, shares)
    share.found.join(shares)
    return { found: share.found, workerCount: 1 + shares.length }
  }

  #others(): readonly Member[] {
    const others: Member[] = []
    for (let slot = 0; slot < this.#generations.length; slot++) {
      const generation = Math.abs(Atomics.load(this.#generations, slot))
      if (generation !== 0 && slot !== this.self.slot) others.push({ slot, generation })
    }
    return others
  }

  /** True if the others were told; not where facts of the plan are no tables. */
  #offer(
    { query, plan, executable, setting, profile }: Asking,
    {
      id,
      morsels,
      domains,
      others,
    }: {
      readonly id: number
      readonly morsels: Morsels
      readonly domains: readonly string[]
      readonly others: readonly Member[]
    },
  ): boolean {
    const facts = this.#sentFacts(executable, setting)
    if (facts === undefined) return false
    const { find, with: besides } = query
    const task: Task = {
      kind: 'task',
      id,
      asker: this.self,
      morsels: morsels.sent,
      plan: sendTree(plan),
      query: sendTree({ find, with: besides }),
      facts,
      domains,
      limits: setting.context.budget.sentLimits,
      isMeasured: profile !== undefined,
    }
    for (const member of others) this.tell(member, task)
    return true
  }

  #sentFacts(
    { patternOperators }: Executable,
    { context: { sources } }: FindSetting,
  ): Task['facts'] | undefined {
    const sent = new Map<SourceName, Map<Attribute, SentFacts['tables'][number]>>()
    for (const [{ source, attribute }, { table }] of patternOperators) {
      const sentTable = table && this.exchange.send(table)
      if (attribute === undefined || sentTable === undefined) return undefined
      const ofSource = sent.get(source) ?? new Map<Attribute, SentFacts['tables'][number]>()
      sent.set(
        source,
        ofSource.set(attribute, { attribute: sendTree(attribute) as Attribute, table: sentTable }),
      )
    }
    return [...sent].map(([source, tables]) => {
      const asked = sources.get(source)
      const isHistory = asked?.kind === 'facts' && asked.facts.isHistory
      return [source, { isHistory, tables: [...tables.values()] }]
    })
  }

  /** What the helpers delivered, once all of them left that still live, or patience ends. */
  #sharesOf(
    id: number,
    {
      morsels,
      others,
      asking,
      untilMs,
    }: {
      readonly morsels: Morsels
      readonly others: readonly Member[]
      readonly asking: Asking
      readonly untilMs: number
    },
  ): readonly SentShare[] {
    for (const member of others) {
      while (morsels.isInside(member) && this.#lives(member) && this.#nowMs() < untilMs) {
        morsels.wait(member, WAIT_MS)
        asking.setting.context.budget.check()
      }
    }
    const shares: SentShare[] = []
    for (const { slot } of others) {
      for (let message = this.mail.receive(slot); message !== undefined; message = this.mail.receive(slot)) {
        // Tasks of others pass by: they do without helpers.
        const heard = message as Message
        if (heard.kind === 'table') this.tables.hear(heard)
        if (heard.kind !== 'share' || heard.task !== id || !isSame(heard.asker, this.self)) continue
        shares.push(heard.share)
        addMeasured(asking, heard.measured)
      }
    }
    return shares
  }

  #lives({ slot, generation }: Member): boolean {
    return Math.abs(Atomics.load(this.#generations, slot)) === generation
  }

  #isIdle({ slot, generation }: Member): boolean {
    return Atomics.load(this.#generations, slot) === generation
  }

  #workOnMissing(morsels: Morsels, share: Share, shares: readonly SentShare[]): void {
    if (isPlanted('split-forgets-the-missing')) return
    const done = new Set([share, ...shares].flatMap((each) => each.morsels.map(({ index }) => index)))
    for (let index = 0; index < morsels.count; index++) {
      if (!done.has(index)) share.work(index, morsels.rangeOf(index))
    }
  }
}

/**
 * Names of what the numbers of each variable of the find stand for: equal in two threads where the numbers mean the
 * same. Undefined where a domain is made while the question runs.
 */
export function domainNames(
  { domains, patternOperators, inputOperators }: Executable,
  exchange: TableExchange,
): readonly string[] | undefined {
  const tables = Array.from(patternOperators.values(), ({ table }) => table)
  const names = domains.map((domain) => {
    if (domain instanceof NumberDomain) return domain.type
    if (tables.some((table) => table?.domain === domain)) return exchange.nameOf(domain)
    // Inputs are numbered in the order of their rows, wherever that is done.
    const input = inputOperators.find(({ operator }) => operator.domains.includes(domain))
    return input && `input ${input.index} ${input.operator.domains.indexOf(domain)}`
  })
  return names.every((name) => name !== undefined) ? names : undefined
}

export function isSame(x: Member, y: Member): boolean {
  return x.slot === y.slot && x.generation === y.generation
}

/** Rows that all steps together are expected to give. */
function workOf({ steps }: Conjunction): number {
  return steps.reduce((sum, step) => {
    const inside =
      step.kind === 'anti-join' || step.kind === 'product' || step.kind === 'semi-join'
        ? workOf(step.body)
        : step.kind === 'union'
          ? step.branches.reduce((work, { body }) => work + workOf(body), 0)
          : 0
    return sum + step.rowCount + inside
  }, 0)
}

function addMeasured({ plan, profile }: Asking, measured: Delivery['measured']): void {
  if (profile === undefined) return
  for (const [at, part] of partsOf(plan).entries()) if (measured[at]) profile.add(part, measured[at])
}

type LeadingRows = { readonly rows: RowList; readonly entities: Float64Array }

/** Of the first patterns the one with most rows: by its entities the work is cut. */
function longest(leading: readonly PatternStep[], { patternOperators }: Executable): LeadingRows | undefined {
  const all = leading.flatMap((step) => patternOperators.get(step)?.leadingRows() ?? [])
  if (all.length < leading.length) return undefined
  const countOf = ({ rows: { first, limit } }: LeadingRows): number => limit - first
  return all.reduce((longer, each) => (countOf(each) > countOf(longer) ? each : longer))
}

/** The first entity of each morsel but the first. */
function cutsOf(leading: LeadingRows | undefined, morselRowCount: number): Float64Array {
  if (leading === undefined) return new Float64Array(0)
  const {
    rows: { order, first, limit },
    entities,
  } = leading
  const entityAt = (at: number): number => entities[order === undefined ? at : order[at]!]!
  const rowCount = Math.max(morselRowCount, Math.ceil((limit - first) / MORSEL_COUNT_MAX))
  const cuts: number[] = []
  for (let at = first + rowCount; at < limit; at += rowCount) {
    const entity = entityAt(at)
    if (entity > (cuts.at(-1) ?? entityAt(first))) cuts.push(entity)
  }
  return Float64Array.from(cuts)
}
