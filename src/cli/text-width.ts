// How many cells of a terminal a text takes: East Asian characters and emoji take two, marks on the letter before none.

/** Text of which every character takes one cell: nearly all there is. */
const PLAIN =
  /^[\u0020-\u007e\u00a0-\u00ac\u00ae-\u02ff\u0370-\u0377\u037a-\u0482\u048a-\u0523\u2010-\u2027\u2030-\u205e\u2190-\u21ff\u2500-\u259f]*$/
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f9ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const EMPTY = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]*$/u

const GRAPHEMES = new Intl.Segmenter(undefined, { granularity: 'grapheme' })

/** The characters of a text as a reader counts them: a letter with its marks, a flag, a family is one. */
export function charactersOf(text: string): readonly string[] {
  return PLAIN.test(text) ? [...text] : Array.from(GRAPHEMES.segment(text), ({ segment }) => segment)
}

export function textWidth(text: string): number {
  if (PLAIN.test(text)) return text.length
  return charactersOf(text).reduce((width, character) => width + characterWidth(character), 0)
}

export function characterWidth(character: string): number {
  if (EMPTY.test(character)) return 0
  return WIDE.test(character) ? 2 : 1
}

/** The text, cut with a mark where it is wider than `widthMax`. */
export function cutToWidth(text: string, widthMax: number): string {
  if (textWidth(text) <= widthMax) return text
  let kept = ''
  let width = 0
  for (const character of charactersOf(text)) {
    width += characterWidth(character)
    if (width > widthMax - 1) break
    kept += character
  }
  return `${kept}…`
}
