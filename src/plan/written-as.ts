// Clauses that stand for others: with other names, or with what inputs mean in the place of inputs. What is found out of
// one of them is said of the clause that somebody wrote.

import type { Clause } from './syntax.ts'

const known = new WeakMap<Clause, Clause>()

/** Remembers for which clause another one was made. */
export function standingFor<Made extends Clause>(made: Made, clause: Clause): Made {
  known.set(made, writtenAs(clause))
  return made
}

/** The clause as it was written. */
export function writtenAs(clause: Clause): Clause {
  return known.get(clause) ?? clause
}
