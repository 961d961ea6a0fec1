// Inputs of a random question, in every binding form: each holds the witness, and other values beside it.

import { type Edn, Keyword } from '../fact/value.ts'
import { isEntity, mentions, type QuestionDraft } from './question-draft.ts'

/** An input as text: its binding form and its argument. */
export type InputText = { readonly binding: string; readonly value: string }

type Made = InputText & { readonly kind: string }

/** No input, one, or a few; their kinds are added to those of the draft. */
export function arbitraryInputs(draft: QuestionDraft): readonly InputText[] {
  const made: InputText[] = []
  while (draft.random.below(4) === 0 && made.length < 3) {
    const taken = made.map(({ binding }) => binding).join(' ')
    const free = [...draft.witness].filter(
      ([name, value]) =>
        !mentions(taken, name) && draft.textOf(value) !== undefined && !mayBeName(draft, name, value),
    )
    if (free.length === 0) break
    const { kind, ...input } = arbitraryInput(draft, draft.random.shuffled(free))
    draft.kinds.push(kind)
    made.push(input)
  }
  return made
}

/** An input for the first of some variables, perhaps for the second as well. */
function arbitraryInput(draft: QuestionDraft, free: readonly (readonly [string, Edn])[]): Made {
  const { random } = draft
  const [[name, value], another] = free as [readonly [string, Edn], (readonly [string, Edn])?]
  const text = draft.textOf(value)!
  const other = isEntity(value) ? draft.textOf(random.oneOf([...draft.names.keys()])) : draft.literal(value)
  const beside = other ?? text
  // In an input, Datomic lets `_` unify with every other.
  const hasRest = another !== undefined || !draft.isForDatomic
  switch (hasRest ? random.below(4) : 3) {
    case 0:
      return { kind: 'scalar input', binding: name, value: text }
    case 1:
      if (draft.isForDatomic) {
        const [second, held] = another!
        return {
          kind: 'tuple input',
          binding: `[${name} ${second}]`,
          value: `[${text} ${draft.textOf(held)!}]`,
        }
      }
      return { kind: 'tuple input', binding: `[${name} _]`, value: `[${text} ${beside}]` }
    case 2: {
      const [second, held] = another ?? ['_', 1]
      const right = draft.textOf(held)!
      const rows = `[[${text} ${right}] [${beside} ${right}]]`
      return { kind: 'relation input', binding: `[[${name} ${second}]]`, value: rows }
    }
    default: {
      // nil and NaN stand for values that no fact has.
      const odd = random.below(8) === 0 && !draft.isForDatomic ? random.pick([' nil', ' ##NaN']) : ''
      return { kind: 'collection input', binding: `[${name} ...]`, value: `[${text} ${beside}${odd}]` }
    }
  }
}

/** Beside another attribute a keyword may name an entity, which brute force does not know of inputs. */
function mayBeName(draft: QuestionDraft, name: string, value: Edn): boolean {
  return draft.mixed.has(name) && value instanceof Keyword
}
