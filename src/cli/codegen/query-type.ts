// A query as the type of its data form: what the compiler needs of it to know rows and arguments (interface/types).

import { type Edn, EdnList, EdnMap, EdnSymbol, Keyword } from '../../fact/value.ts'
import type { Binding } from '../../plan/syntax.ts'
import { sectionsOf } from '../../query/form-sections.ts'
import { literal } from './names.ts'

/** Sections that say what a query takes and gives; by the others nothing of that changes. */
const SECTIONS = ['find', 'in', 'keys', 'strs', 'syms', 'where']

/** Each section on a line of its own, each clause too; `indent` stands before them. */
export function queryType(form: Edn, indent: string): string {
  const sections = sectionsOf(form)
  const lines = SECTIONS.flatMap((name) => {
    const items = sections.get(name)
    if (items === undefined) return []
    const types = items.map(formType)
    if (name !== 'where') return [`${indent}  ${name}: [${types.join(', ')}]\n`]
    return [`${indent}  where: [\n`, ...types.map((type) => `${indent}    ${type},\n`), `${indent}  ]\n`]
  })
  return `{\n${lines.join('')}${indent}}`
}

/** An item of `:in`. */
export function bindingType(binding: Binding): string {
  switch (binding.kind) {
    case 'variable':
      return literal(binding.name)
    case 'blank':
      return literal('_')
    case 'collection':
      return `[${bindingType(binding.item)}, '...']`
    case 'tuple':
      return `[${binding.items.map(bindingType).join(', ')}]`
    case 'relation':
      return `[[${binding.items.map(bindingType).join(', ')}]]`
  }
}

/** As EDN text is read by the compiler (interface/types/read-edn.ts); what says nothing about types is unknown. */
function formType(form: Edn): string {
  if (form instanceof Keyword || form instanceof EdnSymbol) return literal(String(form))
  if (typeof form === 'string') return `{ '#str': ${literal(form)} }`
  if (typeof form === 'boolean' || form === null) return String(form)
  if (typeof form === 'number') return Number.isFinite(form) ? String(form) : 'number'
  if (form instanceof Date) return 'Date'
  if (form instanceof EdnMap)
    return `{ '#map': [${form.entries.flatMap((entry) => entry.map(formType)).join(', ')}] }`
  const items = form instanceof EdnList ? form.items : form
  return Array.isArray(items) ? `[${(items as readonly Edn[]).map(formType).join(', ')}]` : 'unknown'
}
