// Attribute names from column names: `InvoiceDate` becomes `invoice-date`, `Customer ID` `customer-id`, `unit_price`
// `unit-price`, `HTTPStatus` `http-status`. The namespace is the entity's name, by default the file's.

const UNNAMED = 'column'

/** A name in lower case with dashes. `place` counts from 1 and names what has no letters at all. */
export function dashedName(text: string, place: number): string {
  const dashed = text
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1-$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1-$2')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .toLowerCase()
  if (dashed === '') return `${UNNAMED}-${place}`
  return /^\p{N}/u.test(dashed) ? `${UNNAMED}-${dashed}` : dashed
}

/** The entity's name after the file's: `exports/Online Retail.csv` is about `online-retail`. */
export function entityNameOf(path: string): string {
  const file = path.split(/[/\\]/).at(-1) ?? path
  return dashedName(file.replace(/(?<=.)\.[^.]*$/, ''), 1).replace(/^column-(?=\p{N})/u, 'row-')
}
