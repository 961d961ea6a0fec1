// What users give as text or as data, as forms.

import { readEdn } from '../fact/edn-reader.ts'
import { withLine } from '../fact/path-place.ts'
import { type FormMode, formFromData } from '../fact/json-form.ts'
import type { Schema } from '../fact/schema.ts'
import { type Edn, EdnMap } from '../fact/value.ts'
import { notTransactionData } from '../database/errors.ts'
import { typedReference } from '../plan/entity.ts'

/** Text stays text, so that what parses it can remember it and point into it; data becomes a form. */
export function formOf(given: unknown, mode: FormMode): Edn {
  return typeof given === 'string' ? given : formFromData(given, mode)
}

/** Does something with the form that text or data says; errors about text learn line and column. */
export async function withForm<Result>(
  given: unknown,
  mode: 'transaction' | 'schema',
  run: (form: Edn) => Promise<Result>,
): Promise<Result> {
  if (typeof given !== 'string') return run(formFromData(given, mode))
  const { value, places } = readEdn(given, { source: mode === 'schema' ? 'schema' : 'tx' })
  try {
    return await run(value)
  } catch (error) {
    throw withLine(error, value, places.placeOf)
  }
}

/** One argument, place of an index, or bound: text is text, but for keywords. */
export function argumentForm(given: unknown): Edn {
  if (typeof given === 'string' && isPlainText(given)) return given
  if (!Array.isArray(given)) return formFromData(given, 'arguments')
  // An array by itself would be taken for the list of all arguments.
  const [form = null] = formFromData([given], 'arguments') as readonly Edn[]
  return form
}

const PLAIN_TEXT_LENGTH_MAX = 1_000

/** True for text that means itself, as most arguments do, whatever reads it. */
function isPlainText(text: string): boolean {
  return text.length <= PLAIN_TEXT_LENGTH_MAX && !text.startsWith(':') && text.isWellFormed()
}

/** An id, an ident or a lookup ref; the value of a lookup ref takes the type of its attribute. */
export function entityForm(given: unknown, schema: Schema): Edn {
  return typedReference(argumentForm(given), schema)
}

/** Facts about the transaction itself. Throws `db.error/not-transaction-data`. */
export function metaForm(given: unknown): EdnMap {
  const [meta] = formFromData([given], 'transaction') as readonly Edn[]
  if (meta instanceof EdnMap) return meta
  throw notTransactionData('The meta of a transaction is no map', "Write { ':db/doc': 'why' }")
}

/** Arguments by name without those that are undefined, as properties that were left out may be. */
export function givenArguments(args: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(args).filter(([, value]) => value !== undefined))
}
