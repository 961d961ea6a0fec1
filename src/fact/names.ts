// Which texts are keywords and symbols: what the readers take is what the writers write.

// Everything that ends a token in EDN text is no part of a name; a slash stands once, between two parts.
const PART = '[^\\s\\p{Cc},()\\[\\]{}"\\\\;@^`~/]+'
const KEYWORD = new RegExp(`^(?!:)(?:${PART}/)?(?:${PART}|(?<=./)/)(?<!:)$|^/$`, 'u')
const SYMBOL = new RegExp(`^(?![:#'\\d]|[+.-]\\d)(?:${PART}/)?(?:${PART}|(?<=./)/)(?<!:)$|^/$`, 'u')
const LETTER = /^\p{L}/u
// The names that nearly all are; tried first, since it is checked faster.
const PLAIN =
  /^[A-Za-z?$%*!_=<>&][A-Za-z0-9?$%*!_=<>&.+-]*(?:\/[A-Za-z?$%*!_=<>&][A-Za-z0-9?$%*!_=<>&.+-]*)?$/

/** True for what may follow the colon of a keyword. */
export function isKeywordText(text: string): boolean {
  return PLAIN.test(text) || KEYWORD.test(text)
}

/** True for what may follow a hash sign as a tag: a symbol that begins with a letter. */
export function isTagText(text: string): boolean {
  return LETTER.test(text) && isSymbolText(text)
}

export function isSymbolText(text: string): boolean {
  if (text === 'nil' || text === 'true' || text === 'false') return false
  return PLAIN.test(text) || SYMBOL.test(text)
}
