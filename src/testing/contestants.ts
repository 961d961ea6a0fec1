// Who answers random questions: engines, each over some layouts of the same facts. What they say is compared with each
// other and, where it has the patience, with brute force. An engine more is one line in CONTESTANTS.

import { VarveError } from '../base/errors.ts'
import type { EngineOptions, Question } from '../engine/question.ts'
import { answerByTwins } from './stored-twins.ts'
import { treeAnswer } from './tree-engine.ts'
import { nativeAnswer } from '../engine/native/native.ts'
import { PLAN_CACHE_LIMITS, PlanCache } from '../engine/native/plan-cache.ts'
import type { Team } from '../engine/native/team.ts'
import type { PlanLimits } from '../plan/semi-joins.ts'
import { shapeAnswer } from '../engine/shape.ts'
import { type Edn, textKey } from '../fact/value.ts'
import type { Answer } from '../plan/engine.ts'
import type { Query } from '../plan/syntax.ts'
import { resultHash } from '../query/result-hash.ts'
import type { FactLayout } from './layouts.ts'
import { SeededRandom } from './seeded-random.ts'

export type Outcome =
  /** The whole answer as text, in its order, and its hash: equal for equal answers, whatever the types of equal numbers. */
  | { readonly kind: 'answer'; readonly text: string; readonly value: Edn; readonly rowCount: number }
  | { readonly kind: 'error'; readonly code: string }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'too large' }

export type Contestant = {
  readonly name: string
  readonly layouts: readonly FactLayout[]
  /** What it says to each question, in their order: many at once, for engines in processes of their own. */
  readonly answerAll: (questions: readonly Question[]) => Promise<readonly Outcome[]>
}

/** Rows of an answer and of anything on the way to it. */
export const ROW_COUNT_MAX = 40_000
/** How often an engine may look at the clock, which it does every thousand steps: work, the same on any machine. */
export const WORK_COUNT_MAX = 240

export const CONTESTANTS: readonly Contestant[] = [
  inThisThread('tree', ['mixed'], treeAnswer),
  inThisThread('native', ['novelty', 'segments', 'mixed'], nativeAnswer),
  inThisThread('native, asked again', ['segments', 'mixed'], askedAgain),
  inThisThread('native, with stored functions', ['mixed'], answerByTwins),
]

/** Keeps every plan, and every pipeline. */
const PLANS = new PlanCache({ ...PLAN_CACHE_LIMITS, answerMsMax: Infinity })

/** Rows of random questions are few: semi-joins are thought of whatever their number. */
const PLAN_LIMITS: PlanLimits = { semiJoinRowCountMin: 0 }

/** What the native engine says with the plan of another layout, and with the operators of the time before. */
function askedAgain(question: Question, given: EngineOptions): Answer {
  const options = { ...given, planLimits: PLAN_LIMITS }
  nativeAnswer(question, options, PLANS)
  return nativeAnswer(question, { ...options, clock: countingClock() }, PLANS)
}

/** The native engine, helped by another thread. */
export function inThreads(team: Team): Contestant {
  const answer = (question: Question, options: EngineOptions): Answer =>
    nativeAnswer(question, { ...options, team })
  return inThisThread('native, in threads', ['segments', 'mixed'], answer)
}

function inThisThread(
  name: string,
  layouts: readonly FactLayout[],
  answer: (question: Question, options: EngineOptions) => Answer,
): Contestant {
  const outcome = (question: Question): Outcome =>
    outcomeOf(() => {
      const options = { clock: countingClock(), random: new SeededRandom(1) }
      return answerOutcome(question.query, answer(question, options))
    })
  return { name, layouts, answerAll: (questions) => Promise.resolve(questions.map(outcome)) }
}

/** What an answer says, in the shape of the find. */
export function answerOutcome(query: Query, answer: Pick<Answer, 'rows'>): Outcome {
  const value = shapeAnswer(query, answer)
  // The hash as well, which must be equal wherever the answer is. Brute force knows of no limits that cut.
  const hash = resultHash(query, { rows: answer.rows, isTruncated: false })
  return { kind: 'answer', text: `${textKey(value)} ${hash}`, value, rowCount: answer.rows.length }
}

/** What `work` gives, or what its error says. */
export function outcomeOf(work: () => Outcome): Outcome {
  try {
    return work()
  } catch (error) {
    if (!(error instanceof VarveError)) throw error
    return TOO_LARGE.has(error.code) ? { kind: 'too large' } : { kind: 'error', code: error.code }
  }
}

const TOO_LARGE: ReadonlySet<string> = new Set(['varve.error/too-many-rows', 'varve.error/query-timeout'])

/** A clock that counts how often it is looked at. */
function countingClock(): EngineOptions['clock'] {
  let count = 0
  return { nowMs: () => count++ }
}
