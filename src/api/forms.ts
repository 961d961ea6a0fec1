// What users give as text or as data, as forms.

import { readEdn } from '../fact/edn-reader.ts'
import { type FormMode, formFromData } from '../fact/json-form.ts'
import type { Edn } from '../fact/value.ts'

/** Text stays text, so that what parses it can remember it and point into it; data becomes a form. */
export function formOf(given: unknown, mode: FormMode): Edn {
  return typeof given === 'string' && mode !== 'transaction' ? given : textOrForm(given, mode)
}

/** EDN text or data as a form. */
export function textOrForm(given: unknown, mode: FormMode): Edn {
  return typeof given === 'string' ? readEdn(given).value : formFromData(given, mode)
}
