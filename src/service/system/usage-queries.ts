// What people ask about the service itself: queries over an audit, saved from the start so that they are found, run and
// changed like any other. `$` is the audit of the first process; `database` of a run names another.

import type { QueryToSave, SavedQueries } from './saved-queries.ts'

const SAVED_BY = 'varve'

export const USAGE_QUERIES: Readonly<Record<string, QueryToSave>> = {
  'usage/questions': {
    doc: 'What is asked: how often, the median of its microseconds, when last',
    text: `[:find ?action ?text (count ?i) (median ?us) (max ?at)
 :where [?q :question/action ?action]
        [?q :question/text ?text]
        [?i :intent/question ?q]
        [?i :intent/at ?at]
        [?i :outcome/duration-us ?us]]`,
    parameters: [],
  },
  'usage/callers': {
    doc: 'Who asks: how often, and how many rows they got',
    text: `[:find ?caller (count ?i) (sum ?rows)
 :with ?i
 :where [?i :intent/caller ?caller]
        [(get-else $ ?i :outcome/rows 0) ?rows]]`,
    parameters: [],
  },
  'usage/errors': {
    doc: 'What fails: the code of the error, how often, when last',
    text: `[:find ?error (count ?i) (max ?at)
 :where [?i :outcome/error ?error]
        [?i :intent/at ?at]]`,
    parameters: [],
  },
  'usage/readers': {
    doc: 'Who could read an attribute: database/:attribute, as customers/:customer/email',
    text: `[:find ?caller ?purpose (count ?i)
 :in $ ?attribute
 :where [?q :question/attributes ?attribute]
        [?i :intent/question ?q]
        [?i :intent/caller ?caller]
        [(get-else $ ?i :intent/purpose "") ?purpose]]`,
    parameters: [{ name: 'attribute', type: 'string' }],
  },
}

/** Saves those that are not there. `audit` is the database that they ask. */
export async function saveUsageQueries(queries: SavedQueries, audit: string): Promise<void> {
  for (const [name, query] of Object.entries(USAGE_QUERIES)) {
    if ((await queries.find(name)) !== undefined) continue
    await queries.save(name, { ...query, database: audit, owner: SAVED_BY, tags: ['usage'] }, SAVED_BY)
  }
}
