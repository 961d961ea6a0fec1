// What a random question asks for: a relation, a collection, a row or a value; aggregates by type, pulls, return maps,
// `:with`, `:limit` and `:offset`.

import { readEdn } from '../fact/edn-reader.ts'
import { type Edn, numberType } from '../fact/value.ts'
import type { QuestionParts } from './question.ts'
import { isId } from './question-draft.ts'
import type { SeededRandom } from './seeded-random.ts'

export type FindParts = Pick<QuestionParts, 'find' | 'keys' | 'with' | 'limit' | 'offset'>

export type FindOptions = {
  /** A value for every variable that there is. */
  readonly witness: ReadonlyMap<string, Edn>
  readonly isForDatomic: boolean
  readonly mayPull: boolean
  readonly isPullable: (value: Edn) => boolean
}

/** The find, and the kinds of it for the distribution. */
export function arbitraryFind(
  random: SeededRandom,
  options: FindOptions,
): { readonly find: FindParts; readonly kinds: readonly string[] } {
  const names = random.shuffled([...options.witness.keys()])
  const chosen = names.slice(0, 1 + random.below(3))
  const kinds: string[] = []
  const elements = chosen.map((name) => elementOf(name))
  const rest = names.slice(chosen.length)
  const isAggregated = kinds.includes('aggregate')
  const withNames = isAggregated && rest.length > 0 && random.below(2) === 0 ? [rest[0]!] : []
  const read = (text: string): readonly Edn[] => readEdn(`[${text}]`).value as readonly Edn[]
  const { find, keys } = shaped(elements)
  const isCut = kinds.includes('relation') && random.below(12) === 0 && !options.isForDatomic
  if (isCut) kinds.push('limit')
  if (withNames.length > 0) kinds.push('with')
  const parts = {
    find: read(find),
    keys: read(keys),
    with: read(withNames.join(' ')),
    limit: isCut ? 1 + random.below(5) : undefined,
    offset: isCut && random.below(2) === 0 ? random.below(3) : undefined,
  }
  return { find: parts, kinds }

  function elementOf(name: string): string {
    const value = options.witness.get(name)!
    const choice = random.below(12)
    if (choice < 3) {
      kinds.push('aggregate')
      return `(${aggregateFor(value)} ${name})`
    }
    if (choice === 3 && options.mayPull && options.isPullable(value) && !kinds.includes('aggregate')) {
      kinds.push('pull')
      return `(pull ${name} ${random.pick(PULLS)})`
    }
    return name
  }

  function aggregateFor(value: Edn): string {
    // Ids are others in Datomic, and stand in another order; doubles it adds up in the order of a set.
    const isOrdered =
      !options.isForDatomic || typeof value === 'string' || (numberType(value) === 'long' && !isId(value))
    if (!isOrdered) return random.pick(['count', 'count-distinct', 'distinct'])
    if (numberType(value) !== undefined && random.below(2) === 0) {
      return random.pick(
        options.isForDatomic ? ['sum', 'min', 'max'] : ['sum', 'avg', 'median', 'variance', 'stddev'],
      )
    }
    return random.pick(['count', 'count-distinct', 'min', 'max', 'min 2', 'max 2', 'distinct'])
  }

  function shaped(items: readonly string[]): { readonly find: string; readonly keys: string } {
    const isAmbiguous = options.isForDatomic && !items.every((item) => /^\((?!pull)/.test(item))
    switch (random.below(10)) {
      case 0:
        kinds.push('collection')
        return { find: `[${items[0]!} ...]`, keys: '' }
      case 1:
        if (isAmbiguous) break
        kinds.push('scalar')
        return { find: `${items[0]!} .`, keys: '' }
      case 2:
        if (isAmbiguous) break
        kinds.push('tuple')
        return { find: `[${items.join(' ')}]`, keys: '' }
      case 3: {
        kinds.push('relation', 'return map')
        const kind = random.pick([':keys', ':strs', ':syms'])
        return { find: items.join(' '), keys: `${kind} ${items.map((_, i) => `k${i}`).join(' ')}` }
      }
      default:
    }
    kinds.push('relation')
    return { find: items.join(' '), keys: '' }
  }
}

const PULLS = [
  '[:p/name :p/long]',
  '[*]',
  '[:db/id :p/_friend]',
  '[{:p/friend [:p/name]} {:q/_owner [:p/name]}]',
  '[{:q/part [:p/name :p/long]} [:p/code :default "none"]]',
  '[:p/name {:p/friend ...}]',
  '[:db/id {:q/owner 2}]',
  '[[:p/friend :limit 1 :as :first] [:p/name :as "name"]]',
] as const
