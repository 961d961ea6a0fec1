// What a window shows of the text that was written to it: the few sequences that the line editor uses, so that a test
// can look at the rows as a person does. A character takes one cell here; `█` is the cursor.

const SEQUENCE_BEGIN = '\u001b['
const SEQUENCE_REST = /^(\??)(\d*)([A-Za-z])/

export function screenOf(written: string, columnCount = 80): readonly string[] {
  const screen = new Screen(columnCount)
  const [plain, ...steered] = written.split(SEQUENCE_BEGIN)
  screen.write(plain!)
  for (const text of steered) {
    const [found, mark, count, letter] = SEQUENCE_REST.exec(text)!
    if (mark === '') screen.steer(letter!, Number(count))
    screen.write(text.slice(found.length))
  }
  return screen.rows()
}

class Screen {
  readonly #columnCount: number
  readonly #rows: string[] = ['']
  #row = 0
  #column = 0

  constructor(columnCount: number) {
    this.#columnCount = columnCount
  }

  rows(): readonly string[] {
    const current = this.#rows[this.#row]!.padEnd(this.#column)
    const marked = `${current.slice(0, this.#column)}█${current.slice(this.#column)}`
    return this.#rows.with(this.#row, marked)
  }

  write(text: string): void {
    for (const character of text) {
      if (character === '\r') this.#column = 0
      else if (character === '\n') this.#goToRow(this.#row + 1)
      else this.#put(character)
    }
  }

  steer(letter: string, count: number): void {
    if (letter === 'A') this.#goToRow(Math.max(0, this.#row - count))
    else if (letter === 'G') this.#column = count - 1
    else if (letter === 'H') this.#row = this.#column = 0
    else if (letter === 'J') this.#wipe(count === 2)
    else throw new Error(`The screen does not know the sequence ${letter}`)
  }

  #put(character: string): void {
    // A full row goes on in the next one when something more is written.
    if (this.#column >= this.#columnCount) {
      this.#goToRow(this.#row + 1)
      this.#column = 0
    }
    const current = this.#rows[this.#row]!.padEnd(this.#column)
    this.#rows[this.#row] = current.slice(0, this.#column) + character + current.slice(this.#column + 1)
    this.#column++
  }

  #goToRow(row: number): void {
    this.#row = row
    while (this.#rows.length <= row) this.#rows.push('')
  }

  #wipe(isAll: boolean): void {
    if (isAll) this.#rows.splice(0, Infinity, ...this.#rows.map(() => ''))
    this.#rows[this.#row] = this.#rows[this.#row]!.slice(0, this.#column)
    this.#rows.splice(this.#row + 1)
  }
}
