// POST /v1/databases/:name/datoms: the facts of an index in its order, in pages of bounded size.

import type { HttpResponse } from '../base/env.ts'
import type { Datom, FactSource, IndexName } from '../fact/datom.ts'
import { type Edn, Keyword } from '../fact/value.ts'
import { indexDatoms, indexRange } from '../query/index-datoms.ts'
import { basisOf } from '../query/basis.ts'
import type { DatabaseValue } from '../database/database-value.ts'
import { Valued } from './answer.ts'
import { ANY, BASIS, COUNT, FLAG, list, object, tuple } from './answer-schema.ts'
import { answerAudited, type AuditedRead } from './audit/audited.ts'
import type { Fields } from './body.ts'
import { datomRowWithT } from './datom-rows.ts'
import { fieldInvalid } from './errors.ts'
import { momentOf } from './question-fields.ts'
import { countOf, fieldsOf, ok, type Route, type RouteContext, textOf } from './route.ts'
import { sourcesAt } from './sources.ts'
import { SPECULATION_FIELDS, speculationsOf, speculationTexts } from './speculations.ts'

/** What one page holds at most; the caller goes on with `offset`. */
const PAGE_DATOM_COUNT_MAX = 10_000
/** Facts before a page are passed over one by one. */
const OFFSET_MAX = 1_000_000

const DATOMS_FIELDS = {
  index: { type: 'string', about: 'eavt, aevt, avet or vaet' },
  components: { type: 'array', about: 'what the leading places of the index are, at most three' },
  from: { about: 'of avet with one component, the attribute: the least value', type: [] },
  to: { about: 'where to stop, excluded', type: [] },
  offset: { type: 'integer', about: `facts to pass over, at most ${OFFSET_MAX}: next of the page before` },
  limit: { type: 'integer', about: `facts in the answer, at most ${PAGE_DATOM_COUNT_MAX}` },
  asOf: { type: ['string', 'integer', 'object'], about: 'an instant, or a t' },
  cursors: { type: 'object', about: 'a t for the database' },
  ...SPECULATION_FIELDS,
  timeoutMs: { type: 'integer', about: 'milliseconds to wait for the t of a cursor, at most 10,000' },
} as const

export const DATOMS_ROUTE: Route = {
  method: 'POST',
  path: '/v1/databases/:name/datoms',
  about: 'Facts of an index in its order; where there are more, next is the offset to go on with',
  scope: 'query',
  answers: object({ datoms: list(tuple(COUNT, ANY, ANY, COUNT, FLAG)), basis: BASIS }, { next: COUNT }),
  fields: DATOMS_FIELDS,
  requiredFields: ['index'],
  answer: answerDatoms,
}

async function answerDatoms(context: RouteContext): Promise<HttpResponse> {
  const fields = await fieldsOf(context, DATOMS_FIELDS, { recover: true })
  const asked = askedOf(fields)
  const offset = countOf(fields, 'offset') ?? 0
  if (offset > OFFSET_MAX) throw fieldInvalid('offset', `at most ${OFFSET_MAX}: ask with more components`)
  const limit = Math.min(countOf(fields, 'limit') ?? PAGE_DATOM_COUNT_MAX, PAGE_DATOM_COUNT_MAX)
  const speculations = speculationsOf(fields, context)
  const source = sourcesAt(context, momentOf(fields), countOf(fields, 'timeoutMs', 0), speculations)
  const value = await source(context.parameters['name']!)
  return answerAudited(context, readOf(asked, value), () => pageOf(context, value, { asked, offset, limit }))
}

type Asked = {
  readonly index: string
  readonly components: readonly Edn[]
  readonly from: Edn
  readonly to: Edn
}

function askedOf(fields: Fields): Asked {
  const index = textOf(fields, 'index')
  if (index === undefined) throw fieldInvalid('index', 'the name of an index')
  const components = fields.form('components', 'arguments') ?? []
  if (!Array.isArray(components)) throw fieldInvalid('components', 'a list')
  const bound = (name: string): Edn => fields.form(name, 'arguments') ?? null
  const asked = { index, components: components as readonly Edn[], from: bound('from'), to: bound('to') }
  const isRange = asked.from !== null || asked.to !== null
  if (isRange && (index !== 'avet' || components.length !== 1))
    throw fieldInvalid('from', 'left out where the index is not avet with one component')
  return asked
}

function datomsOf({ index, components, from, to }: Asked): (facts: FactSource) => Iterable<Datom> {
  if (from !== null || to !== null) return (facts) => indexRange(facts, components[0]!, from, to)
  // What is none of the four is refused there.
  return (facts) => indexDatoms(facts, index as IndexName, components)
}

async function pageOf(
  context: RouteContext,
  value: DatabaseValue,
  { asked, offset, limit }: { readonly asked: Asked; readonly offset: number; readonly limit: number },
): Promise<HttpResponse> {
  const { signal } = context.request
  const rows: Edn[] = []
  let place = 0
  let next: number | undefined
  for await (const datom of value.readEach(datomsOf(asked))) {
    signal.throwIfAborted()
    if (place++ < offset) continue
    if (rows.length === limit) {
      next = offset + limit
      break
    }
    rows.push(datomRowWithT(datom, value.schema))
  }
  return ok(context, { datoms: new Valued(rows), next, basis: { [value.database]: basisOf(value) } })
}

/** As the audit keeps it. */
function readOf({ index, components, from, to }: Asked, value: DatabaseValue): AuditedRead {
  const { database } = value
  const attribute = components[index === 'eavt' || index === 'vaet' ? 1 : 0]
  const touched = attribute instanceof Keyword ? attribute.toString() : '*'
  return {
    question: { action: 'datoms', text: `${database} ${index}`, attributes: [`${database}/${touched}`] },
    args: [components, from, to, ...speculationTexts(value)],
    basis: { [database]: basisOf(value) },
  }
}
