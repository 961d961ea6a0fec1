// Names in TypeScript for what has other names in Varve: of functions, types and properties. Two queries never share one.

import { VarveError } from '../../base/errors.ts'

/** Words that no function may be called. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends ' +
    'false finally for function if implements import in instanceof interface let new null package private protected ' +
    'public return static super switch this throw true try typeof undefined var void while with yield'
  ).split(' '),
)

/** `usage/errors` is usageErrors; `delete` is deleteQuery. Of a version that is asked for by its number: usageErrorsV2. */
export function functionName(query: string, pinned: number | undefined): string {
  const words = query.split(/[-_./]+/).filter((word) => word !== '')
  const name = words.map((word, index) => (index === 0 ? word : capitalized(word))).join('')
  const whole = pinned === undefined ? name : `${name}V${pinned}`
  return RESERVED.has(whole) ? `${whole}Query` : whole
}

/** What the types of a function's arguments and result begin with. */
export function capitalized(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`
}

/** Throws `varve.error/generated-names-collide`. */
export function checkDistinct(functions: readonly { readonly query: string; readonly name: string }[]): void {
  const queries = new Map<string, string>()
  for (const { query, name } of functions) {
    const other = queries.get(name)
    if (other !== undefined) throw namesCollide(other, query, name)
    queries.set(name, query)
  }
}

/** A key of an object type: as it stands where it is a name, else as a text. */
export function propertyName(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : literal(name)
}

export function literal(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll(`\\"`, `"`).replaceAll(`'`, `\\'`)}'`
}

function namesCollide(first: string, second: string, name: string): VarveError {
  return new VarveError({
    code: 'varve.error/generated-names-collide',
    kind: 'conflict',
    message: `The queries ${first} and ${second} would both be the function ${name}`,
    fix: 'Write one of them alone (--only NAME), or save one under another name',
    data: { queries: [first, second], name },
  })
}
