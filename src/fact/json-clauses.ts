// What arrays and strings mean by where they stand: clauses, calls, rules, find elements, pull patterns,
// operations of a transaction. JSON has only arrays; a place that takes a call makes a list of one.

import type { FormNode } from './data-node.ts'
import { Complaint } from './errors.ts'
import { type Converter, type Convert, type FormMode, formString, keyName } from './json-converter.ts'
import { INSTANT_FIX, parseInstant } from './literals.ts'
import { isKeywordText, isSymbolText } from './names.ts'
import { type Edn, EdnSymbol, keyword, symbol } from './value.ts'

type ArrayNode = Extract<FormNode, { kind: 'array' | 'set' }>

/** Reads a node as what it stands for. */
export function convertAs(mode: FormMode, node: FormNode, converter: Converter): Edn {
  const reader = new ClauseReader(converter)
  switch (mode) {
    case 'value':
      return converter.value(node)
    case 'form':
      return isQuery(node) ? reader.query(node) : converter.form(node)
    case 'query':
      return reader.query(node)
    case 'rules':
      return reader.rules(node)
    case 'pattern':
      return reader.pattern(node)
    case 'transaction':
    case 'schema':
      return reader.transaction(node)
    case 'arguments':
      return reader.args(node)
    case 'instant':
      return reader.instant(node)
  }
}

/** A query or a request map shows itself by its keys, or by `:find` at its head. */
function isQuery(node: FormNode): boolean {
  if (node.kind === 'object')
    return node.entries.some(({ key }) => bare(key) === 'find' || bare(key) === 'query')
  return node.kind === 'array' && textOf(node.items[0]) === ':find'
}

class ClauseReader {
  readonly #converter: Converter

  constructor(converter: Converter) {
    this.#converter = converter
  }

  query(node: FormNode): Edn {
    if (node.kind === 'object') {
      return this.#converter.escape(node, this.#converter.form) ?? this.#queryMap(node)
    }
    if (node.kind !== 'array')
      return this.#converter.tree(node, (text) => text, formString, this.#converter.form)
    let section = ''
    return this.#converter.vector(
      node,
      this.#converter.items(node.items, (item) => {
        const text = textOf(item)
        if (text !== undefined && SECTIONS.has(text)) {
          section = text.slice(1)
          return keyName(text)
        }
        return this.#elementOf(section)(item)
      }),
    )
  }

  rules: Convert = (node) => this.#each(node, this.#rule)

  /** A pull pattern. */
  pattern: Convert = (node) => this.#each(node, this.#patternItem)

  /** Operations, or one map of attributes and values, or the name of an entity. */
  transaction(node: FormNode): Edn {
    return this.#each(node, this.#operation, this.#transactionValue)
  }

  args(node: FormNode): Edn {
    return this.#each(
      node,
      (item) => (looksLikeRules(item) ? this.rules(item) : this.#argument(item)),
      this.#argument,
    )
  }

  /** A moment as text, or a t. */
  instant(node: FormNode): Edn {
    if (node.kind !== 'string') return this.#converter.value(node)
    const instant = parseInstant(node.value)
    if (instant !== undefined) return instant
    throw this.#converter.refused(
      new Complaint(`${JSON.stringify(node.value)} is no instant`, INSTANT_FIX),
      node,
    )
  }

  #queryMap(node: Extract<FormNode, { kind: 'object' }>): Edn {
    return this.#converter.map(
      node,
      (key) => {
        const name = bare(key) === 'asOf' ? 'as-of' : bare(key)
        return isKeywordText(name) ? keyword(name) : key
      },
      (key) => {
        const name = bare(key)
        switch (name) {
          case 'query':
            return (value) => this.query(value)
          case 'args':
            return (value) => this.args(value)
          case 'as-of':
          case 'asOf':
            return (value) => this.instant(value)
          default:
            return (value) => this.#each(value, this.#elementOf(name))
        }
      },
    )
  }

  #elementOf(section: string): Convert {
    switch (section) {
      case 'find':
        return this.#findElement
      case 'in':
        return this.#input
      case 'where':
        return this.#clause
      case 'keys':
      case 'strs':
      case 'syms':
        return (node) => this.#name(node)
      default:
        return this.#converter.form
    }
  }

  /** `"?x"`, `["max", "?x"]`, `["pull", "?e", ["*"]]`; in brackets a collection or a tuple of them. */
  readonly #findElement: Convert = (node) => {
    if (node.kind !== 'array') return this.#converter.form(node)
    const head = textOf(node.items[0])
    if (head === undefined || !isCallable(head)) return this.#each(node, this.#findElement)
    if (head !== 'pull') return this.#call(node, this.#callArgument)
    const last = node.items.length - 1
    return this.#converter.list(node, [
      symbol(head),
      ...this.#rest(node, 1, (item) =>
        item === node.items[last] ? this.pattern(item) : this.#converter.form(item),
      ),
    ])
  }

  readonly #input: Convert = (node) => {
    if (node.kind === 'array') return this.#each(node, this.#input)
    return node.kind === 'string' && isSymbolText(node.value)
      ? symbol(node.value)
      : this.#converter.form(node)
  }

  readonly #clause: Convert = (node) => {
    if (node.kind !== 'array') return this.#converter.form(node)
    const [first, second] = node.items
    if (first?.kind === 'array' && isCall(first)) {
      const call = this.#converter.step(0, first, (call) => this.#call(call as ArrayNode, this.#callArgument))
      return this.#converter.vector(node, [call, ...this.#rest(node, 1, this.#converter.form)])
    }
    const head = textOf(first)
    if (head === undefined) return this.#converter.form(node)
    if (isCallable(head)) return this.#named(node, 0, head)
    const name = textOf(second)
    if (head.startsWith('$') && name !== undefined && isCallable(name)) return this.#named(node, 1, name)
    return this.#converter.form(node)
  }

  /** `not`, `or-join`, a rule: a list whose name stands at `index`, behind a source where that is 1. */
  #named(node: ArrayNode, index: number, name: string): Edn {
    const head: Edn[] = index === 0 ? [] : this.#converter.items(node.items.slice(0, 1), this.#converter.form)
    head.push(symbol(name))
    switch (name) {
      case 'not':
      case 'or':
      case 'and':
        return this.#converter.list(node, [...head, ...this.#rest(node, index + 1, this.#clause)])
      case 'not-join':
      case 'or-join': {
        const variables = node.items.slice(index + 1, index + 2)
        head.push(...variables.map((item) => this.#converter.step(index + 1, item, this.#converter.form)))
        return this.#converter.list(node, [...head, ...this.#rest(node, index + 2, this.#clause)])
      }
      default:
        return this.#converter.list(node, [...head, ...this.#rest(node, index + 1, this.#converter.form)])
    }
  }

  /** An array with a name at its head as a list. */
  #call(node: ArrayNode, convert: Convert): Edn {
    const head = this.#converter.step(0, node.items[0]!, (name) => symbol(textOf(name)!))
    return this.#converter.list(node, [head, ...this.#rest(node, 1, convert)])
  }

  /**
   * An array within a call is a call itself where it begins with a name and holds a variable; any other is a
   * constant, so that `["ground", ["max", "min"]]` stays two texts.
   */
  readonly #callArgument: Convert = (node) =>
    node.kind === 'array' && isCall(node) && node.items.some(holdsVariable)
      ? this.#call(node, this.#callArgument)
      : this.#converter.form(node)

  readonly #rule: Convert = (node) => {
    if (node.kind !== 'array' || node.items[0]?.kind !== 'array' || !isCall(node.items[0]))
      return this.#each(node, this.#clause)
    const head = this.#converter.step(0, node.items[0], (item) =>
      this.#call(item as ArrayNode, this.#converter.form),
    )
    return this.#converter.vector(node, [head, ...this.#rest(node, 1, this.#clause)])
  }

  /** `":a"`, `"*"`, `[":a", ":as", "x"]`, `["limit", ":a", 5]`, `{":a": ["*"]}`. */
  readonly #patternItem: Convert = (node) => {
    if (node.kind === 'object') {
      return (
        this.#converter.escape(node, this.#patternItem) ??
        this.#converter.map(node, formString, () => this.#nestedPattern)
      )
    }
    if (node.kind === 'map') return this.#converter.pairs(node.pairs, this.#patternItem, this.#nestedPattern)
    if (node.kind !== 'array') return this.#converter.form(node)
    const head = textOf(node.items[0])
    if (head !== undefined && isCallable(head)) return this.#call(node, this.#converter.form)
    let option: Edn = null
    return this.#converter.vector(
      node,
      this.#converter.items(node.items, (item) => {
        const text = textOf(item)
        // The function of :xform is named by a symbol.
        const isName = option === XFORM && text !== undefined && isSymbolText(text)
        option = isName ? symbol(text) : this.#converter.form(item)
        return option
      }),
    )
  }

  /** A pattern, or how deep to recur. */
  readonly #nestedPattern: Convert = (node) =>
    node.kind === 'array' ? this.pattern(node) : this.#converter.form(node)

  /** `["db/add", e, a, v]`, `[":db/add", …]`, `["my/function", …]`, `{":a": v}`. */
  readonly #operation: Convert = (node) => {
    if (node.kind !== 'array') return this.#transactionValue(node)
    const head = textOf(node.items[0])
    if (head === undefined) return this.#transactionValue(node)
    const name = head.startsWith('db/') || head.startsWith('db.fn/') ? keyword(head) : keyName(head)
    const operator = typeof name === 'string' && isSymbolText(name) ? symbol(name) : name
    const takesAttribute = !(operator instanceof EdnSymbol) && ATTRIBUTE_OPERATIONS.has(String(operator))
    const rest = this.#rest(node, 1, this.#transactionValue)
    const attribute = rest[1]
    if (takesAttribute && typeof attribute === 'string' && isKeywordText(attribute))
      rest[1] = keyword(attribute)
    return this.#converter.vector(node, [operator, ...rest])
  }

  /**
   * Tempids and values: text stays text but for keywords. `? $ %` mean nothing in a transaction, and an amount
   * like "$5" must not become a symbol. A keyword for an attribute of strings becomes its text again (coerce.ts).
   */
  readonly #transactionValue: Convert = (node) =>
    this.#converter.tree(node, keyName, attributeName, this.#transactionValue)

  readonly #argument: Convert = (node) => this.#converter.tree(node, keyName, keyName, this.#argument)

  #name(node: FormNode): Edn {
    const text = textOf(node)
    return text !== undefined && isSymbolText(text) ? symbol(text) : this.#converter.form(node)
  }

  /** A vector of what `convert` makes of the items; what is no array goes to `otherwise`. */
  #each(node: FormNode, convert: Convert, otherwise: Convert = this.#textOrForm): Edn {
    if (node.kind !== 'array') return otherwise(node)
    return this.#converter.vector(node, this.#converter.items(node.items, convert))
  }

  /** Text in the place of a whole form may be EDN, for the caller to read. */
  readonly #textOrForm: Convert = (node) =>
    node.kind === 'string' && node.value.length > 3 ? formString(node.value) : this.#converter.form(node)

  #rest(node: ArrayNode, from: number, convert: Convert): Edn[] {
    return this.#converter.items(node.items, convert, from)
  }
}

const SECTIONS: ReadonlySet<string> = new Set(
  ['find', 'with', 'in', 'where', 'keys', 'strs', 'syms', 'limit', 'offset', 'timeout'].map(
    (name) => `:${name}`,
  ),
)
/** Operations in list form whose third place is an attribute. */
export const ATTRIBUTE_OPERATIONS: ReadonlySet<string> = new Set([
  ':db/add',
  ':db/retract',
  ':db/cas',
  ':db.fn/cas',
])
const XFORM = keyword('xform')

function bare(key: string): string {
  return key.startsWith(':') ? key.slice(1) : key
}

function textOf(node: FormNode | undefined): string | undefined {
  return node?.kind === 'string' ? node.value : undefined
}

/** True for a text that can name a function, an aggregate or a rule. */
function isCallable(text: string): boolean {
  return !/^[?$%:]/.test(text) && text !== '_' && text !== '.' && text !== '...' && isSymbolText(text)
}

function isCall(node: ArrayNode): boolean {
  const head = textOf(node.items[0])
  return head !== undefined && isCallable(head)
}

/** A rule set among arguments: all items are rules, whose heads are names with variables. */
function looksLikeRules(node: FormNode): boolean {
  return (
    node.kind === 'array' &&
    node.items.length > 0 &&
    node.items.every((rule) => {
      if (rule.kind !== 'array' || rule.items.length < 2) return false
      const [head, ...body] = rule.items
      return (
        head?.kind === 'array' &&
        isCall(head) &&
        head.items.slice(1).every(isParameter) &&
        body.every(({ kind }) => kind === 'array') &&
        (head.items.length > 1 || body.some(holdsPlace))
      )
    })
  )
}

/** A variable or `_`: what no data has, so that a rule without parameters shows itself. */
function holdsPlace(node: FormNode): boolean {
  return holdsVariable(node) || (node.kind === 'array' && node.items.some((item) => textOf(item) === '_'))
}

function holdsVariable(node: FormNode): boolean {
  return node.kind === 'array' ? node.items.some(holdsVariable) : (textOf(node)?.startsWith('?') ?? false)
}

function isParameter(node: FormNode): boolean {
  return node.kind === 'array' ? node.items.every(isParameter) : (textOf(node)?.startsWith('?') ?? false)
}

/** The key of a map in a transaction names an attribute, with its colon or without. */
export function attributeName(text: string): Edn {
  if (text.startsWith(':')) return keyName(text)
  return isKeywordText(text) ? keyword(text) : text
}
