// What the compiler knows of results. Each line fails to compile if a type is another one than it says.

import type { BigNumber } from 'bignumber.js'
import type { Database, Db, Entity, Rows, SchemaOf, TransactResult, Varve } from 'varve'
import type { customers, shop } from './schema.ts'

/* oxlint-disable typescript/no-unnecessary-type-parameters -- T makes the compiler compare types exactly */
type Equal<X, Y> =
  (<T>() => T extends X ? 1 : 2) extends <T>() => T extends Y ? 1 : 2
    ? true
    : { readonly is: X; readonly not: Y }
/** Compiles only where the types are the same. */
declare function same<X, Y>(_: Equal<X, Y>): void

declare const database: Database<SchemaOf<typeof shop>>
declare const varve: Varve
const db = database.db()
const typed = varve.typed({} as typeof shop, {} as typeof customers)

export async function valueTypes(): Promise<void> {
  const everything = await db.q(`[:find ?code ?cents ?stock ?weight ?rate ?price ?serial ?state ?handler ?sold
                                        ?since ?uuid ?page ?picture ?tag ?kind ?size ?place
    :where
      [?a :article/code ?code]
      [?a :article/cents ?cents] [?a :article/stock ?stock]
      [?a :article/weight ?weight] [?a :article/rate ?rate]
      [?a :article/price ?price]
      [?a :article/serial ?serial] [?a :article/state ?state]
      [?a :article/handler ?handler] [?a :article/sold ?sold] [?a :article/since ?since]
      [?a :article/uuid ?uuid], [?a :article/page ?page], [?a :article/picture ?picture]
      [?a :article/tags ?tag] [?a :article/kind ?kind] [?a :article/size ?size] [?a :article/place ?place]]`)
  same<
    typeof everything,
    Rows<
      [
        string,
        number | bigint,
        bigint,
        number,
        number,
        BigNumber,
        bigint,
        `:${string}`,
        string,
        boolean,
        Date,
        string,
        string,
        Uint8Array,
        string,
        number,
        readonly (number | bigint | null)[],
        readonly [string | null, number | bigint | null, number | null],
      ]
    >
  >(true)
}

export async function shapes(): Promise<void> {
  const relation = await db.q(
    '[:find ?code ?weight :where [?a :article/code ?code] [?a :article/weight ?weight]]',
  )
  same<typeof relation, Rows<[string, number]>>(true)
  const data = await db.q({
    find: ['?code', '?weight'],
    where: [
      ['?a', ':article/code', '?code'],
      ['?a', ':article/weight', '?weight'],
    ],
  })
  same<typeof data, Rows<[string, number]>>(true)
  const collection = await db.q('[:find [?code ...] :where [_ :article/code ?code]]')
  same<typeof collection, string[]>(true)
  const tuple = await db.q('[:find [?code ?a] :where [?a :article/code ?code]]')
  same<typeof tuple, [string, number] | null>(true)
  const scalar = await db.q({ find: ['?code', '.'], where: [['_', ':article/code', '?code']] })
  same<typeof scalar, string | null>(true)
  const keys = await db.q('[:find ?code ?a :keys code id :where [?a :article/code ?code]]')
  same<typeof keys, { ':code': string; ':id': number }[]>(true)
  const strs = await db.q('[:find [?code ?a] :strs code id :where [?a :article/code ?code]]')
  same<typeof strs, { code: string; id: number } | null>(true)
  const map = await db.q('{:find [?code] :where [[?a :article/code ?code]]}')
  same<typeof map, Rows<[string]>>(true)
}

export async function aggregates(): Promise<void> {
  const rows =
    await db.q(`[:find (count ?a) (sum ?weight) (sum ?cents) (avg ?cents) (min ?code) (max 3 ?since)
                                  (distinct ?tag) (median ?weight) (sample 2 ?state) (sum ?price) ?sold
    :with ?a
    :where [?a :article/weight ?weight] [?a :article/cents ?cents] [?a :article/code ?code] [?a :article/sold ?sold]
           [?a :article/since ?since] [?a :article/tags ?tag] [?a :article/state ?state] [?a :article/price ?price]]`)
  same<
    typeof rows,
    Rows<
      [
        number,
        number,
        number | bigint,
        number,
        string,
        Date[],
        Set<string>,
        number,
        `:${string}`[],
        BigNumber,
        boolean,
      ]
    >
  >(true)
}

export async function clauses(): Promise<void> {
  const places = await db.q('[:find ?a ?attribute ?tx ?added :where [?a ?attribute _ ?tx ?added]]')
  same<typeof places, Rows<[number, number, number, boolean]>>(true)
  const otherwise = await db.q(
    '[:find ?weight ?name :where [?a :article/code] [(get-else $ ?a :article/weight 0) ?weight] [(get-else $ ?a :part/name "none") ?name]]',
  )
  same<typeof otherwise, Rows<[number | bigint, string]>>(true)
  const computed = await db.q(`[:find ?double ?long ?text ?shard ?is
    :where [?a :article/weight ?weight] [?a :article/cents ?cents] [(* ?weight 2) ?double] [(+ ?cents 1) ?long]
           [(str ?cents "x") ?text] [(mod ?a 35) ?shard] [(< ?cents 3) ?is]]`)
  same<typeof computed, Rows<[number, number | bigint, string, number | bigint, boolean]>>(true)
  const either = await db.q(
    `[:find ?x :where (or [?a :article/code ?x] (and [?a :article/weight ?x] [?a :article/sold true]))]`,
  )
  same<typeof either, Rows<[string | number]>>(true)
  const joined = await db.q({
    find: ['?x', '?a'],
    where: [['or-join', ['?x', '?a'], ['?a', ':article/code', '?x'], ['?a', ':part/name', '?x']]],
  })
  same<typeof joined, Rows<[string, number]>>(true)
}

/** What cannot be known is unknown: nothing false is claimed. */
export async function unknowns(): Promise<void> {
  const rule = await db.q(
    '[:find ?x :in $ % :where (related ?a ?x)]',
    '[[(related ?a ?x) [?a :article/related ?x]]]',
  )
  same<typeof rule, Rows<[unknown]>>(true)
  const branch = await db.q('[:find ?x :in $ % :where (or [?a :article/code ?x] (named ?a ?x))]', [])
  same<typeof branch, Rows<[unknown]>>(true)
  const local = await db.q(
    '[:find ?x :where [(ground 1) ?a] (or-join [?a] [?a :article/code ?x]) [(vector ?a) ?x]]',
  )
  same<typeof local, Rows<[unknown]>>(true)
  const text: string = '[:find ?x :where [_ :article/code ?x]]'
  const dynamic = await db.q(text, 1, 2, 3)
  same<typeof dynamic, unknown>(true)
  const unbalanced = await db.q('[:find [?x] :where [_ :article/code ?x]')
  same<typeof unbalanced, unknown>(true)
  const find: string[] = ['?x']
  const made = await db.q({ find, where: [['_', ':article/code', '?x']] })
  same<typeof made, unknown>(true)
  const elsewhere = await db.q('[:find ?x :where [$other _ :article/code ?x]]')
  same<typeof elsewhere, Rows<[unknown]>>(true)
}

export async function inputs(numbers: number[][]): Promise<void> {
  const rows = await db.q(
    `[:find ?a ?cents :in $ ?code [?state ...] [?low ?high] [[?tag ?since]] %
      :where [?a :article/code ?code] [?a :article/state ?state] [?a :article/cents ?cents] [?a :article/cents ?low]
             [?a :article/cents ?high] [?a :article/tags ?tag] [?a :article/since ?since]]`,
    'tea',
    [':state/new', ':state/old'],
    [1, 2n],
    [['green', new Date(0)]],
    '[]',
  )
  same<typeof rows, Rows<[number, number | bigint]>>(true)
  // An entity that is given as an input comes back as it was given.
  const given = await db.q('[:find ?a . :in $ ?a :where [?a :article/code]]', [':article/code', 'tea'])
  same<number extends typeof given ? true : false, true>(true)
  // A source that is no alias is an argument; rows may be one.
  const rowsOf = await db.q(
    '[:find ?x :in $ $rows ?code :where [$rows ?x] [_ :article/code ?code]]',
    [['a']],
    'tea',
  )
  same<typeof rowsOf, Rows<[unknown]>>(true)
  const other = await db.q('[:find ?x :in $ $b :where [$b ?x :article/code]]', db)
  same<typeof other, Rows<[unknown]>>(true)

  // Rows that a program made: which type stands where is not known.
  const tagged = '[:find ?a :in $ [[?tag ?since]] :where [?a :article/tags ?tag] [?a :article/since ?since]]'
  await db.q(
    tagged,
    ['a', 'b'].map((tag) => [tag, new Date(0)]),
  )
  await db.q('[:find ?a :in $ [?code ...] :where [?a :article/code ?code]]', new Set(['a']))

  // @ts-expect-error: no row of numbers
  await db.q(tagged, numbers)
  // @ts-expect-error: an argument of the wrong type
  await db.q('[:find ?a :in $ ?code :where [?a :article/code ?code]]', 5)
  // @ts-expect-error: an argument too few
  await db.q('[:find ?a :in $ ?code :where [?a :article/code ?code]]')
  // @ts-expect-error: an argument that nobody asked for
  await db.q('[:find ?a :where [?a :article/code]]', 5)
}

export async function severalDatabases(): Promise<void> {
  const rows = await typed.query({
    query: `[:find ?name ?code ?born :in ?code
             :where [$shop ?a :article/code ?code] [$cus ?c :customer/id ?code]
                    [$cus ?c :customer/name ?name] [$customers ?c :customer/born ?born]]`,
    args: ['tea'],
    asOf: new Date(0),
  })
  same<typeof rows, Rows<[string, string, Date]>>(true)
  const { result, basis } = await typed.answer({
    query: { find: ['?n', '.'], where: [['$cus', '_', ':customer/name', '?n']] },
  })
  same<typeof result, string | null>(true)
  same<typeof basis, { readonly [database: string]: number }>(true)
  const loose = await varve.query({ query: '[:find ?n . :where [$cus _ :any/thing ?n]]' })
  same<typeof loose, unknown>(true)
  // @ts-expect-error: an argument too few
  await typed.query({ query: '[:find ?c :in ?name :where [$cus ?c :customer/name ?name]]' })
  // @ts-expect-error: the argument is no text
  await typed.query({ query: '[:find ?c :in ?name :where [$cus ?c :customer/name ?name]]', args: [1] })
}

export async function patterns(): Promise<void> {
  const flat = await db.pull(
    [':db/id', ':article/code', ':article/tags', ':article/kind', ':article/_kind'],
    17,
  )
  same<
    typeof flat,
    {
      readonly ':db/id': number
      readonly ':article/code'?: string
      readonly ':article/tags'?: string[]
      readonly ':article/kind'?: { readonly ':db/id': number }
      readonly ':article/_kind'?: { readonly ':db/id': number }[]
    } | null
  >(true)
  const nested = await db.pull(
    '[{:article/parts [:part/name]} {:article/_parts [:article/code]} {:article/kind [:db/ident]}]',
    [':article/code', 'tea'],
  )
  same<
    typeof nested,
    {
      readonly ':article/parts'?: { readonly ':part/name'?: string }[]
      readonly ':article/_parts'?: { readonly ':article/code'?: string }
      readonly ':article/kind'?: { readonly ':db/ident'?: `:${string}` }
    } | null
  >(true)
  const options = await db.pull(
    [
      [':article/code', ':as', 'code'],
      [':article/cents', ':default', 0],
      [':article/tags', ':limit', 3],
      [':article/weight', ':xform', 'str'],
    ],
    17,
  )
  same<
    typeof options,
    {
      readonly code?: string
      readonly ':article/cents': number | bigint
      readonly ':article/tags'?: string[]
      readonly ':article/weight'?: unknown
    } | null
  >(true)
  const text = await db.pull(
    '[[:article/code :as "the code"] (limit :article/tags 2) (default :article/cents "none")]',
    17,
  )
  same<
    typeof text,
    {
      readonly 'the code'?: string
      readonly ':article/tags'?: string[]
      readonly ':article/cents': number | bigint | string
    } | null
  >(true)
  const all = await db.pull(['*', { ':article/related': [':article/code'] }], ':kind/book')
  const cents: number | bigint | undefined = all?.[':article/cents']
  const id: number | undefined = all?.[':db/id']
  const unknown: unknown = all?.[':other/attribute']
  const related: string | undefined = all?.[':article/related']?.[0]?.[':article/code']
  const recursive = await db.pull([':article/code', { ':article/related': '...' }], 17)
  const deep: string | undefined =
    recursive?.[':article/related']?.[0]?.[':article/related']?.[0]?.[':article/related']?.[0]?.[
      ':article/code'
    ]
  void [cents, id, unknown, related, deep]
  const inQuery = await db.q(
    '[:find (pull ?a [:article/code {:article/parts [*]}]) ?cents :where [?a :article/cents ?cents]]',
  )
  const found: string | undefined = inQuery.at(0)?.[0]?.[':article/code']
  const many = await db.q({
    find: [['pull', '?a', [':article/code']], '...'] as const,
    where: [['?a', ':article/cents']],
  })
  void [found, many]
}

export async function entities(): Promise<void> {
  const entity = await db.entity([':article/code', 'tea'])
  if (entity === null) return
  same<ReturnType<typeof entity.attributes>, readonly `:${string}`[]>(true)
  const code = entity.get(':article/code')
  same<typeof code, string | undefined>(true)
  const tags = entity.get(':article/tags')
  same<typeof tags, string[] | undefined>(true)
  const kind = entity.get(':article/kind')
  if (typeof kind === 'object') same<typeof kind, typeof entity>(true)
  const back = entity.get(':article/_related')
  const first = back?.[0]
  if (typeof first === 'object') void first.get(':article/code')
  void entity.touch()[':article/cents']
  // @ts-expect-error: no attribute of this name
  entity.get(':article/kode')
}

export async function transactions(): Promise<void> {
  const { tempids, dbAfter } = await database.transact(
    [
      {
        ':db/id': 'a',
        ':article/code': 'tea',
        ':article/cents': 450,
        ':article/tags': ['x', 'y'],
        ':article/since': new Date(0),
      },
      {
        ':article/code': 'set',
        ':article/parts': [{ ':part/name': 'cup' }],
        ':article/kind': ':kind/book',
        ':article/_related': 'a',
      },
      {
        ':article/size': [1, 2n, null],
        ':article/place': ['x', 1, ':kind/book'],
        ':article/uuid': '…',
        ':db/ensure': ':article/complete',
      },
      {
        ':article/related': [[':article/code', 'tea'], 'a', 17],
        ':article/price': '1.5',
        ':article/picture': new Uint8Array(),
      },
      { 'article/code': 'without a colon', ':article/stock': { '#long': '9007199254740993' } },
      [':db/add', 'a', ':article/cents', 5],
      ['db/retract', [':article/code', 'tea'], ':article/cents'],
      [':db/cas', 17, ':article/cents', null, 7],
      [':db/retractEntity', 17],
      ['shop/reserve', 17, { any: 'thing' }],
      {
        ':db/ident': ':article/more',
        ':db/valueType': ':db.type/long',
        ':db/cardinality': ':db.cardinality/one',
      },
    ],
    { meta: { ':db/doc': 'why', ':article/tags': ['import'] }, idempotencyKey: 'k', strict: true },
  )
  same<(typeof tempids)[string], number>(true)
  void dbAfter.q('[:find ?c . :where [_ :article/code ?c]]')
  // Made by a program: nothing is known letter by letter, and nothing is refused.
  const made = ['a', 'b'].map((code) => ({ ':article/code': code, ':article/cents': 1 }))
  await database.transact(made)
  const lists = ['a', 'b'].map((code) => [':db/add', code, ':article/code', code])
  await database.transact(lists)
  const anything: Record<string, unknown>[] = []
  await database.transact(anything)
  await database.transact('[{:article/code "tea"}]')
  // @ts-expect-error: no attribute of this name
  await database.transact([], { meta: { ':article/kode': 'x' } })
  // @ts-expect-error: a number is no text
  await database.transact(made.map(() => ({ ':article/code': 1 })))
}

/** A function for any database, value, entity or connection takes those of every schema. */
export async function anySchema(): Promise<void> {
  const takes = (...any: [Database, Db, Entity | null, Varve, TransactResult]): void => void any
  takes(database, db, await db.entity(17), typed, await database.transact([]))
  takes(await typed.open('any'), db.asOf(3).history(), null, varve, await db.with([]))
  const other: Db<SchemaOf<typeof customers>> | Db<SchemaOf<typeof shop>> = db
  same<Db extends typeof other ? true : false, false>(true)
}

/** Pieces that a program puts together keep what is known of them. */
export async function pieces(): Promise<void> {
  const attribute: ':article/code' | ':article/uuid' = ':article/code'
  const text = await db.q(`[:find ?c :where [_ ${attribute} ?c]]` as const)
  same<typeof text, Rows<[string]>>(true)
  const where = [['?a', ':article/code', '?c']] as const
  const more = await db.q({ find: ['?c'], where: [...where, ['?a', ':article/sold', true]] })
  same<typeof more, Rows<[string]>>(true)
  const some: string[][] = [['?a', ':article/code', '?c']]
  const loose = await db.q({ find: ['?c'], where: some })
  same<typeof loose, Rows<[unknown]>>(true)
  await database.transact([{ [attribute]: 'x' }, [':db/add', 'x', attribute, 'v']])
  for (const code of ['a']) {
    await database.transact([{ ':article/code': code, ...(code === 'a' && { ':article/cents': 4 }) }])
  }
}

/** Nothing is known of a database that is opened by its name: everything is taken. */
export async function untyped(): Promise<void> {
  const any = await varve.open('any')
  await any.transact([{ ':x/y': 1 }, ['f', 1]], { meta: { ':x/y': 2 } })
  same<Awaited<ReturnType<typeof any.sync>>['basisT'], number>(true)
  const rows = await any.db().q('[:find ?e ?v :where [?e :x/y ?v]]')
  same<typeof rows, Rows<[number, unknown]>>(true)
  const pulled = await any.db().pull([':x/y'], [':x/y', 1])
  same<typeof pulled, { readonly [key: string]: unknown } | null>(true)
  void (await any.db().entity(5))?.get(':x/y')
}
