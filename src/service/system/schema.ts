// The schemas of what the service itself writes: `system` (what people set up) and `audit-<instance>` (what was asked).
// They are databases like any other: `$system` in a query, `varve log --database system`, as of any moment.

import { readEdn } from '../../fact/edn-reader.ts'
import type { Edn } from '../../fact/value.ts'

type Column = readonly [ident: string, type: string, doc: string, ...traits: readonly Trait[]]
type Trait = 'identity' | 'many' | 'index' | 'component'

const TOKEN: readonly Column[] = [
  ['token/id', 'string', 'The public part of the token', 'identity'],
  ['token/secret-hash', 'string', 'SHA-256 of its secret part; the secret itself is kept nowhere'],
  ['token/caller', 'string', 'Who asks with it', 'index'],
  ['token/roles', 'string', 'Roles of the caller', 'many'],
  ['token/scopes', 'string', 'What it opens: query, transact, manage', 'many'],
  ['token/created-at', 'instant', 'When it was made'],
  ['token/created-by', 'string', 'Who made it'],
  ['token/expires-at', 'instant', 'From then on it opens nothing'],
  ['token/revoked-at', 'instant', 'When it was taken back'],
  ['token/limits', 'string', 'What it allows less of than the service, as JSON'],
]

const GRANT: readonly Column[] = [
  ['grant/id', 'string', 'Its name', 'identity'],
  ['grant/principal', 'string', 'A caller, a role, or * for everybody', 'index'],
  ['grant/database', 'string', 'The name of the database', 'index'],
  ['grant/attributes', 'string', 'Attributes: :ns/name, :ns/* or *', 'many'],
  ['grant/rows', 'string', 'A rule (visible ?e) or (visible ?e ?caller): entities that it shows'],
  ['grant/mask', 'string', 'What is shown instead of a value: null, hash, last-four or year'],
  ['grant/purposes', 'string', 'The purposes for which it holds; any where there are none', 'many'],
  ['grant/created-by', 'string', 'Who gave it'],
]

const SAVED_QUERY: readonly Column[] = [
  ['query/name', 'string', 'Its name', 'identity'],
  ['query/doc', 'string', 'What it answers'],
  ['query/owner', 'string', 'Who answers for it', 'index'],
  ['query/tags', 'string', 'Words by which it is found', 'many', 'index'],
  ['query/versions', 'ref', 'All that it ever was', 'many', 'component'],
  ['query/expectations', 'ref', 'What it must answer', 'many', 'component'],
  ['query/retired-at', 'instant', 'From then on it is not run any more'],
  ['version/key', 'string', 'name@number', 'identity'],
  ['version/number', 'long', 'From 1 on'],
  ['version/text', 'string', 'The query, as EDN'],
  ['version/rules', 'string', 'Its rules, as EDN'],
  ['version/database', 'string', 'What $ means'],
  ['version/parameters', 'string', 'Names, types, docs and defaults, as EDN'],
  ['version/note', 'string', 'What is new in it'],
  ['version/saved-at', 'instant', 'When'],
  ['version/saved-by', 'string', 'By whom'],
  ['expectation/key', 'string', 'name/expectation', 'identity'],
  ['expectation/name', 'string', 'Its name among those of the query'],
  ['expectation/arguments', 'string', 'By name, as EDN'],
  ['expectation/cursors', 'string', 'The basis at which it is asked, as EDN'],
  ['expectation/result-hash', 'string', 'What the answer must be'],
  ['expectation/row-count', 'long', 'How many rows that is'],
]

const PROCEDURE: readonly Column[] = [
  ['procedure/key', 'string', 'name#version', 'identity'],
  ['procedure/name', 'string', 'With a namespace', 'index'],
  ['procedure/version', 'long', 'From 1 on'],
  ['procedure/kind', 'string', 'function, predicate, aggregate or transaction'],
  ['procedure/doc', 'string', 'What it does'],
  ['procedure/language', 'string', 'typescript or javascript'],
  ['procedure/parameters', 'string', 'Names and types, as JSON'],
  ['procedure/returns', 'string', 'The type of its result'],
  ['procedure/source', 'string', 'As it was written'],
  ['procedure/hash', 'string', 'Over all of the above', 'index'],
  ['procedure/saved-at', 'instant', 'When'],
  ['procedure/saved-by', 'string', 'By whom'],
]

const QUESTION: readonly Column[] = [
  ['question/hash', 'string', 'sha256 of what is asked, whatever its arguments and moment', 'identity'],
  ['question/action', 'string', 'query, pull, log, …', 'index'],
  ['question/text', 'string', 'The query, or what else was asked, as EDN'],
  ['question/attributes', 'string', 'What it can touch: database/:attribute, database/*', 'many', 'index'],
]

const INTENT: readonly Column[] = [
  ['intent/id', 'string', 'Of the request, its receipt and its outcome', 'identity'],
  ['intent/at', 'instant', 'When it came in'],
  ['intent/caller', 'string', 'Who asked', 'index'],
  ['intent/caller-kind', 'string', 'How that is known: local, token or oidc'],
  ['intent/purpose', 'string', 'What for, where it was said', 'index'],
  ['intent/question', 'ref', 'What was asked', 'index'],
  ['intent/args', 'string', 'Its arguments, as EDN'],
  ['intent/basis', 'string', 'The t of every database that it asks, as EDN'],
  ['intent/seq', 'long', 'Its place in the chain'],
  ['intent/hash', 'string', 'sha256 over the link before and all of the above'],
  [
    'outcome/end',
    'string',
    'answered, failed, refused or left; missing where the process ended before',
    'index',
  ],
  ['outcome/at', 'instant', 'When the last byte had left'],
  ['outcome/duration-us', 'long', 'Microseconds from the intent to the last byte'],
  ['outcome/rows', 'long', 'Rows of the answer'],
  ['outcome/error', 'string', 'The code of the error', 'index'],
  ['outcome/receipt', 'string', 'The receipt, as JSON'],
  ['outcome/seq', 'long', 'Its place in the chain'],
  ['outcome/hash', 'string', 'sha256 over the link before and the outcome'],
]

const CHAIN: readonly Column[] = [
  ['chain/seq', 'long', 'Of the last link'],
  ['chain/hash', 'string', 'Of the last link'],
]

export const SYSTEM_SCHEMA: Edn = schemaOf([...TOKEN, ...GRANT, ...SAVED_QUERY, ...PROCEDURE])
export const AUDIT_SCHEMA: Edn = schemaOf([...QUESTION, ...INTENT, ...CHAIN])

function schemaOf(columns: readonly Column[]): Edn {
  const entities = columns.map(([ident, type, doc, ...traits]) => {
    const cardinality = traits.includes('many') ? 'many' : 'one'
    return (
      [
        `{:db/ident :${ident} :db/valueType :db.type/${type} :db/cardinality :db.cardinality/${cardinality}`,
        `:db/doc ${JSON.stringify(doc)}`,
        traits.includes('identity') ? ':db/unique :db.unique/identity' : '',
        traits.includes('index') ? ':db/index true' : '',
        traits.includes('component') ? ':db/isComponent true' : '',
      ].join(' ') + '}'
    )
  })
  return readEdn(`[${entities.join('\n')}]`).value
}
