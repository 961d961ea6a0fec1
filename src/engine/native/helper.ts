// A thread that helps another with its question: it has the plan and the tables from there, takes morsels until there are
// none, and delivers what it found. Where anything fails it delivers nothing, and whoever asked does that part itself.

import { askingSignal } from '../../base/asking-signal.ts'
import { assert } from '../../base/assert.ts'
import type { Attribute } from '../../fact/attribute.ts'
import { partsOf } from '../../plan/explain.ts'
import { NO_STORED_FUNCTIONS } from '../../plan/functions.ts'
import type { Plan } from '../../plan/plan.ts'
import type { Source } from '../../plan/scope.ts'
import type { Query, SourceName } from '../../plan/syntax.ts'
import type { QueryContext } from '../context.ts'
import type { FindSetting } from '../find.ts'
import type { EngineOptions } from '../question.ts'
import { Budget } from '../budget.ts'
import { Executable } from './executable.ts'
import { Found, Share } from './found.ts'
import { Morsels } from './morsels.ts'
import { Profile } from './profile.ts'
import { receiveTree } from './sent-tree.ts'
import { leadingPatterns } from './split.ts'
import { receiveFacts } from './tables-only.ts'
import { type Delivery, domainNames, type Message, type Task, type Team } from './team.ts'

/** Helps the others of a team from now on. `isWanted` tells that a question of this thread's own waits. */
export function helpOthers(team: Team, options: EngineOptions, isWanted: () => boolean): void {
  team.mail.onMessage((message) => {
    // A share reaches whoever waits for it, or comes too late.
    const heard = message as Message
    if (heard.kind === 'task') help(heard, team, { options, isWanted })
    if (heard.kind === 'table') team.tables.hear(heard)
  })
}

type Helping = { readonly options: EngineOptions; readonly isWanted: () => boolean }

function help(task: Task, team: Team, { options, isWanted }: Helping): void {
  const morsels = Morsels.received(task.morsels)
  if (isWanted() || morsels.isStopped) return
  morsels.join(team.self)
  try {
    using _work = team.begin()
    let index = morsels.takeLast()
    if (index === undefined) return
    const plan = receiveTree(task.plan) as Plan
    const profile = task.isMeasured ? new Profile(() => options.clock.nowMs()) : undefined
    const share = shareOf(plan, profile, { task, morsels, team, options })
    while (index !== undefined) {
      share.work(index, morsels.rangeOf(index))
      // Which rows may have failed is found out by whoever asked.
      if (share.hasFailures) return
      index = isWanted() ? undefined : morsels.takeLast()
    }
    const delivery: Delivery = {
      kind: 'share',
      task: task.id,
      asker: task.asker,
      share: share.sent(),
      measured: profile === undefined ? [] : measuredOf(plan, profile),
    }
    team.tell(task.asker, delivery)
  } catch {
    // Whoever asked meets the same failure, and knows what it means.
  } finally {
    morsels.leave(team.self)
  }
}

function measuredOf(plan: Plan, profile: Profile): Delivery['measured'] {
  // Bytes are those of the thread that was asked.
  const measured = profile.measured(() => 0)
  return partsOf(plan).map((part) => measured.get(part))
}

type Given = {
  readonly task: Task
  readonly morsels: Morsels
  readonly team: Team
  readonly options: EngineOptions
}

function shareOf(plan: Plan, profile: Profile | undefined, { task, morsels, team, options }: Given): Share {
  const query = receiveTree(task.query) as Query
  const setting = settingOf(task, morsels, team, options)
  const executable = new Executable(plan, setting.context, profile)
  const names = domainNames(executable, team.exchange)
  assert(names?.join() === task.domains.join(), 'the same numbers stand for the same values')
  const budget = setting.context.budget.ofStep(plan.finish[0]!, { name: () => 'the answer' })
  const found = new Found({ query, executable, setting, budget }, { isShare: true })
  return new Share(found, executable, leadingPatterns(plan)!)
}

function settingOf(
  { facts, limits: { remainingMs, ...bounds } }: Task,
  morsels: Morsels,
  { exchange }: Team,
  { clock, random }: EngineOptions,
): FindSetting {
  const nowMs = (): number => clock.nowMs()
  const signal = askingSignal(() => morsels.isStopped)
  const sources = new Map<SourceName, Source>()
  for (const [name, sent] of facts) {
    const tables = sent.tables.map(({ attribute, table }) => ({
      attribute: receiveTree(attribute) as Attribute,
      table,
    }))
    sources.set(name, { kind: 'facts', facts: receiveFacts({ ...sent, tables }, exchange) })
  }
  const context: QueryContext = {
    sources,
    rules: new Map(),
    hasLargeLongs: false,
    budget: Budget.of({ ...bounds, deadlineMs: nowMs() + remainingMs, signal }, nowMs),
    userFunctions: new Map(),
    stored: NO_STORED_FUNCTIONS,
  }
  return {
    context,
    scope: { defaultSource: '$', inputs: new Map() },
    random,
    userAggregates: new Map(),
    xform: () => undefined,
  }
}
