// A form as it looks in text, short enough for a message. Not a writer: what is long is cut.

import {
  BigInteger,
  Decimal,
  Double,
  type Edn,
  EdnList,
  EdnMap,
  EdnSet,
  EdnSymbol,
  Float,
  Keyword,
  Tagged,
  Uri,
  Uuid,
} from '../fact/value.ts'

const LENGTH_MAX = 120
const DEPTH_MAX = 8

/** The form as EDN, cut after 120 characters. */
export function show(form: Edn): string {
  const text = render(form, 0)
  return text.length > LENGTH_MAX ? `${text.slice(0, LENGTH_MAX)}…` : text
}

function render(form: Edn, depth: number): string {
  if (form === null) return 'nil'
  if (typeof form === 'string') return JSON.stringify(form.slice(0, LENGTH_MAX))
  if (typeof form !== 'object') return String(form)
  if (form instanceof Keyword || form instanceof EdnSymbol) return form.toString()
  if (form instanceof Double) return `${form.value}.0`
  if (form instanceof Float) return String(form.value)
  if (form instanceof BigInteger) return `${form.value}N`
  if (form instanceof Decimal) return `${form.toFixed()}M`
  if (form instanceof Date) return `#inst "${Number.isNaN(form.getTime()) ? '?' : form.toISOString()}"`
  if (form instanceof Uuid) return `#uuid "${form.text}"`
  if (form instanceof Uri) return `#uri "${form.text}"`
  if (form instanceof Uint8Array) return '#bytes …'
  if (depth > DEPTH_MAX) return '…'
  if (form instanceof EdnList) return `(${renderAll(form.items, depth)})`
  if (form instanceof EdnSet) return `#{${renderAll(form.items, depth)}}`
  if (form instanceof EdnMap) return `{${renderAll(form.entries.slice(0, LENGTH_MAX).flat(), depth)}}`
  if (form instanceof Tagged) return `#${form.tag} ${render(form.value, depth + 1)}`
  return `[${renderAll(form, depth)}]`
}

function renderAll(items: readonly Edn[], depth: number): string {
  let text = ''
  for (const item of items) {
    text += (text === '' ? '' : ' ') + render(item, depth + 1)
    if (text.length > LENGTH_MAX) return text
  }
  return text
}
