// Where tokens of EDN text end.

/** 1 for the ASCII characters that end a token; `#` and `'` may stand inside a name. */
const TERMINATING = new Uint8Array(128)
for (let c = 0; c <= 0x20; c++) TERMINATING[c] = 1
for (const c of ',()[]{}";\\^@`~\u007f') TERMINATING[c.charCodeAt(0)] = 1

const BLANK = /\s/

/** True for blanks, control characters and whatever else ends a token. */
export function isTerminating(c: number): boolean {
  return c < 128 ? TERMINATING[c] === 1 : c === 0x85 || BLANK.test(String.fromCharCode(c))
}

/** The offset of the first character from `start` that is no part of a token. */
export function tokenEnd(text: string, start: number): number {
  let end = start
  while (end < text.length) {
    const c = text.charCodeAt(end)
    if (c < 128 ? TERMINATING[c] === 1 : isTerminating(c)) break
    end++
  }
  return end
}
