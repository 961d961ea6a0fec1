// The sections of a query's form, which is a vector or a map: what stands behind each name, which has no colon here.

import { type Edn, EdnMap, Keyword } from '../fact/value.ts'

/** Of a form that was parsed as a query (parse-query.ts). */
export function sectionsOf(form: Edn): ReadonlyMap<string, readonly Edn[]> {
  if (form instanceof EdnMap)
    return new Map(
      form.entries.map(([key, items]) => [
        nameOf(key),
        Array.isArray(items) ? (items as readonly Edn[]) : [items],
      ]),
    )
  const sections = new Map<string, Edn[]>()
  let items: Edn[] = []
  for (const item of form as readonly Edn[]) {
    if (item instanceof Keyword) sections.set(item.text, (items = []))
    else items.push(item)
  }
  return sections
}

function nameOf(key: Edn): string {
  return key instanceof Keyword ? key.text : String(key)
}
