// What people ask about the service itself: queries over the audits, saved from the start so that they are found, run and
// changed like any other. `$` is every audit that whoever asks may see; `database` of a run names one.

import type { QueryToSave, SavedQueries } from './saved-queries.ts'
import { AUDIT_PREFIX } from './system-folder.ts'

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

const AUDITS = `${AUDIT_PREFIX}*`

/** Saves those that are not there, or are not as they should be though nobody else ever changed them. */
export async function saveUsageQueries(queries: SavedQueries): Promise<void> {
  for (const [name, query] of Object.entries(USAGE_QUERIES)) {
    const { versions, retiredAt } = (await queries.find(name)) ?? { versions: [] }
    const last = versions.at(-1)
    const isOurs = retiredAt === undefined && versions.every(({ savedBy }) => savedBy === SAVED_BY)
    if (last !== undefined && (!isOurs || (last.text === query.text && last.database === AUDITS))) continue
    await queries.save(name, { ...query, database: AUDITS, owner: SAVED_BY, tags: ['usage'] }, SAVED_BY)
  }
}
