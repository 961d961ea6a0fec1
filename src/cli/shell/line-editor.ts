// Reads one text at a time from the keys: editing over several lines, history, search, completion. A text ends with
// Enter when its form is complete; until then Enter makes a new line. It draws by writing to the terminal and knows
// nothing of what the text means beyond what it is given to ask.
//
// Keys are those of every shell (docs/reference/cli.md lists them). Keys pressed while nobody reads wait, up to a bound.

import type { Key, Terminal } from '../../base/terminal.ts'
import { textWidth } from '../text-width.ts'
import {
  type Draft,
  draftOf,
  EMPTY_DRAFT,
  inserted,
  leftOf,
  lineEnd,
  lineMoved,
  lineStart,
  moved,
  replaced,
  rightOf,
  transposed,
  wordLeftOf,
  wordRightOf,
} from './draft.ts'
import type { History } from './history.ts'
import { layoutOf } from './layout.ts'

export type Completion = {
  /** Where the unfinished word begins, before the cursor. */
  readonly from: number
  readonly candidates: readonly string[]
}

export type EditorAsks = {
  readonly isComplete: (text: string) => boolean
  readonly indentation: (textBefore: string) => string
  readonly complete: (draft: Draft) => Promise<Completion>
}

/** What ends the reading of a text. */
export type Typed =
  | { readonly kind: 'text'; readonly text: string }
  /** Ctrl-D on an empty line, or the window was closed. */
  | { readonly kind: 'end' }

const UNDO_COUNT_MAX = 200
const WAITING_COUNT_MAX = 10_000
/** Candidates shown below the draft. */
const SHOWN_COUNT_MAX = 60

type Search = { readonly text: string; readonly index: number; readonly before: Draft }

export class LineEditor implements Disposable {
  readonly #terminal: Terminal
  readonly #history: History
  readonly #asks: EditorAsks
  readonly #keyboard: Disposable
  readonly #waiting: Key[] = []
  #onInterrupt: (() => void) | undefined
  #done: ((typed: Typed) => void) | undefined
  #prompt = ''
  #draft = EMPTY_DRAFT
  #undo: Draft[] = []
  #killed = ''
  /** What was pasted so far, while more comes. */
  #pasted: string | undefined
  #search: Search | undefined
  /** Entries of the history and, last, what was typed before looking at them. */
  #lines: string[] = []
  #lineIndex = 0
  #below: readonly string[] = []
  /** Row of the cursor within what is drawn; where drawing begins anew. */
  #drawnRow = 0
  #isDrawDue = false

  constructor(terminal: Terminal, history: History, asks: EditorAsks) {
    this.#terminal = terminal
    this.#history = history
    this.#asks = asks
    this.#keyboard = terminal.readKeys((key) => this.#onKey(key))
  }

  [Symbol.dispose](): void {
    this.#keyboard[Symbol.dispose]()
  }

  /** The next text that is typed. */
  async read(prompt: string): Promise<Typed> {
    const { promise, resolve } = Promise.withResolvers<Typed>()
    this.#prompt = prompt
    this.#draft = EMPTY_DRAFT
    this.#undo = []
    this.#lines = [...this.#history.entries, '']
    this.#lineIndex = this.#lines.length - 1
    this.#drawnRow = 0
    this.#done = resolve
    this.#draw()
    for (const key of this.#waiting.splice(0)) this.#onKey(key)
    return promise
  }

  /** Runs `work` with a signal that Ctrl-C aborts. */
  async interruptible<A>(reason: () => unknown, work: (signal: AbortSignal) => Promise<A>): Promise<A> {
    const interrupt = new AbortController()
    this.#onInterrupt = () => interrupt.abort(reason())
    try {
      return await work(interrupt.signal)
    } finally {
      this.#onInterrupt = undefined
    }
  }

  #onKey(key: Key): void {
    if (this.#done === undefined) this.#keep(key)
    else if (key.name === 'closed') this.#finish({ kind: 'end' })
    else if (this.#pasted !== undefined) this.#paste(this.#pasted, key)
    else if (this.#search !== undefined) this.#searchKey(this.#search, key)
    else this.#edit(key)
    this.#drawSoon()
  }

  /** Nobody reads: Ctrl-C is for what runs, all else is for later. */
  #keep(key: Key): void {
    if (isControl(key, 'c')) {
      this.#waiting.length = 0
      this.#onInterrupt?.()
    } else if (this.#waiting.length < WAITING_COUNT_MAX) this.#waiting.push(key)
  }

  #paste(before: string, { name, text }: Key): void {
    if (name === 'paste-end') {
      this.#pasted = undefined
      this.#change(inserted(this.#draft, before))
    } else if (name === 'return' || name === 'enter') this.#pasted = `${before}\n`
    else if (name === 'tab') this.#pasted = `${before}  `
    else this.#pasted = before + text
  }

  #edit(key: Key): void {
    this.#below = []
    if (key.isControl) this.#controlKey(key)
    else if (key.isMeta) this.#metaKey(key)
    else this.#plainKey(key)
  }

  #plainKey({ name, text }: Key): void {
    const draft = this.#draft
    switch (name) {
      case 'return':
        return this.#enter()
      case 'enter':
        return this.#newLine()
      case 'tab':
        return void this.#complete()
      case 'paste-start':
        this.#pasted = ''
        return
      case 'backspace':
        return this.#remove(leftOf(draft), draft.cursor)
      case 'delete':
        return this.#remove(draft.cursor, rightOf(draft))
      case 'left':
        return this.#move(leftOf(draft))
      case 'right':
        return this.#move(rightOf(draft))
      case 'home':
        return this.#move(lineStart(draft.text, draft.cursor))
      case 'end':
        return this.#move(lineEnd(draft.text, draft.cursor))
      case 'up':
      case 'down':
        return this.#vertical(name === 'up' ? -1 : 1)
      default:
        if (text !== '') this.#change(inserted(draft, text))
    }
  }

  #controlKey({ name, text }: Key): void {
    const draft = this.#draft
    const { cursor } = draft
    switch (name) {
      case 'c':
        return this.#abandon()
      case 'd':
        if (draft.text === '') return this.#finish({ kind: 'end' })
        return this.#remove(cursor, rightOf(draft))
      case 'a':
        return this.#move(lineStart(draft.text, cursor))
      case 'e':
        return this.#move(lineEnd(draft.text, cursor))
      case 'b':
        return this.#move(leftOf(draft))
      case 'f':
        return this.#move(rightOf(draft))
      case 'left':
        return this.#move(wordLeftOf(draft))
      case 'right':
        return this.#move(wordRightOf(draft))
      case 'h':
        return this.#remove(leftOf(draft), cursor)
      case 'w':
        return this.#kill(wordLeftOf(draft), cursor)
      case 'u':
        return this.#kill(lineStart(draft.text, cursor), cursor)
      case 'k':
        return this.#kill(
          cursor,
          Math.max(lineEnd(draft.text, cursor), Math.min(cursor + 1, draft.text.length)),
        )
      case 'y':
        return this.#change(inserted(draft, this.#killed))
      case 't':
        return this.#change(transposed(draft))
      case 'p':
        return this.#vertical(-1)
      case 'n':
        return this.#vertical(1)
      case 'r':
        return this.#startSearch()
      case 'l':
        this.#terminal.out('\u001b[H\u001b[2J')
        this.#drawnRow = 0
        return
      default:
        if (name === '_' || name === '-' || text === '\u001f') this.#takeBack()
    }
  }

  #metaKey({ name }: Key): void {
    const draft = this.#draft
    switch (name) {
      case 'return':
      case 'enter':
        return this.#newLine()
      case 'b':
      case 'left':
        return this.#move(wordLeftOf(draft))
      case 'f':
      case 'right':
        return this.#move(wordRightOf(draft))
      case 'backspace':
        return this.#kill(wordLeftOf(draft), draft.cursor)
      case 'd':
        return this.#kill(draft.cursor, wordRightOf(draft))
      case '<':
        return this.#move(0)
      case '>':
        return this.#move(draft.text.length)
      default:
    }
  }

  #change(draft: Draft): void {
    if (draft.text !== this.#draft.text) {
      this.#undo.push(this.#draft)
      if (this.#undo.length > UNDO_COUNT_MAX) this.#undo.shift()
    }
    this.#draft = draft
  }

  #move(cursor: number): void {
    this.#draft = moved(this.#draft, cursor)
  }

  #remove(from: number, to: number): void {
    this.#change(replaced(this.#draft, from, to, ''))
  }

  #kill(from: number, to: number): void {
    if (to > from) this.#killed = this.#draft.text.slice(from, to)
    this.#remove(from, to)
  }

  #takeBack(): void {
    this.#draft = this.#undo.pop() ?? this.#draft
  }

  #enter(): void {
    const { text } = this.#draft
    if (!this.#asks.isComplete(text)) return this.#newLine()
    this.#finish({ kind: 'text', text })
  }

  #newLine(): void {
    const { text, cursor } = this.#draft
    this.#change(inserted(this.#draft, `\n${this.#asks.indentation(text.slice(0, cursor))}`))
  }

  /** Ctrl-C leaves what was typed standing and begins anew. */
  #abandon(): void {
    this.#leaveDrawn('^C')
    this.#draft = EMPTY_DRAFT
    this.#undo = []
    this.#lineIndex = this.#lines.length - 1
  }

  #vertical(by: -1 | 1): void {
    const inside = lineMoved(this.#draft, by)
    if (inside !== undefined) {
      this.#draft = inside
      return
    }
    const index = this.#lineIndex + by
    const line = this.#lines[index]
    if (line === undefined) return
    this.#lines[this.#lineIndex] = this.#draft.text
    this.#lineIndex = index
    this.#draft = draftOf(line)
  }

  #finish(typed: Typed): void {
    const done = this.#done
    this.#done = undefined
    this.#leaveDrawn(typed.kind === 'end' ? '\\quit' : '')
    if (typed.kind === 'text') this.#history.add(typed.text)
    done?.(typed)
  }

  async #complete(): Promise<void> {
    const asked = this.#draft
    const { from, candidates } = await this.#asks.complete(asked)
    // Whoever typed on meanwhile has no use for it any more.
    if (asked !== this.#draft || this.#done === undefined || candidates.length === 0) return
    const typed = asked.text.slice(from, asked.cursor)
    const common = commonStart(candidates)
    if (common.length > typed.length || candidates.length === 1) {
      const blank = candidates.length === 1 && asked.cursor === asked.text.length ? ' ' : ''
      this.#change(replaced(asked, from, asked.cursor, common + blank))
    } else this.#below = columnsOf(candidates, this.#terminal.size().columnCount)
    this.#drawSoon()
  }

  #startSearch(): void {
    this.#search = { text: '', index: this.#history.entries.length, before: this.#draft }
  }

  #searchKey(search: Search, key: Key): void {
    if (isControl(key, 'c') || isControl(key, 'g')) {
      this.#search = undefined
      this.#draft = search.before
    } else if (isControl(key, 'r')) this.#find(search.text, search.index - 1)
    else if (key.name === 'backspace') this.#find(search.text.slice(0, -1), this.#history.entries.length - 1)
    else if (key.text !== '') this.#find(search.text + key.text, this.#history.entries.length - 1)
    else {
      this.#search = undefined
      this.#edit(key)
    }
  }

  /** The newest entry from `index` back that holds the text; without one, what was found stays. */
  #find(text: string, index: number): void {
    const { entries } = this.#history
    let at = index
    while (at >= 0 && !entries[at]!.includes(text)) at--
    const before = this.#search!.before
    if (at < 0) this.#search = { text, index: this.#search!.index, before }
    else {
      this.#search = { text, index: at, before }
      this.#draft = { text: entries[at]!, cursor: entries[at]!.indexOf(text) }
    }
  }

  /** Once for all keys that come together. */
  #drawSoon(): void {
    if (this.#isDrawDue || this.#done === undefined) return
    this.#isDrawDue = true
    queueMicrotask(() => {
      this.#isDrawDue = false
      if (this.#done !== undefined && this.#pasted === undefined) this.#draw()
    })
  }

  #draw(): void {
    const size = this.#terminal.size()
    const prompt = this.#search === undefined ? this.#prompt : `(search) ${this.#search.text}: `
    const { rows, cursorRow, cursorColumn } = layoutOf(this.#draft, prompt, size)
    const below = this.#below.slice(0, Math.max(0, size.rowCount - rows.length - 1))
    const all = [...rows, ...below]
    const back = all.length - 1 - cursorRow
    this.#terminal.out(
      `${this.#home()}${all.join('\r\n')}${back > 0 ? `\u001b[${back}A` : ''}\u001b[${cursorColumn + 1}G`,
    )
    this.#drawnRow = cursorRow
  }

  /** To where drawing began, with everything below wiped. */
  #home(): string {
    return `${this.#drawnRow > 0 ? `\u001b[${this.#drawnRow}A` : ''}\r\u001b[J`
  }

  /** Draws the draft for the last time and goes below it. */
  #leaveDrawn(mark: string): void {
    this.#below = []
    this.#draft = moved(this.#draft, this.#draft.text.length)
    this.#search = undefined
    this.#draw()
    this.#terminal.out(`${mark}\r\n`)
    this.#drawnRow = 0
  }
}

function isControl(key: Key, name: string): boolean {
  return key.isControl && key.name === name
}

function commonStart(texts: readonly string[]): string {
  return texts.reduce((common, text) => {
    let length = 0
    while (length < common.length && common[length] === text[length]) length++
    return common.slice(0, length)
  })
}

/** Texts as columns of equal width, by rows. */
function columnsOf(texts: readonly string[], columnCount: number): readonly string[] {
  const shown = texts.slice(0, SHOWN_COUNT_MAX)
  const width = Math.max(...shown.map(textWidth)) + 2
  const perRow = Math.max(1, Math.floor(columnCount / width))
  const rows: string[] = []
  for (let first = 0; first < shown.length; first += perRow) {
    rows.push(
      shown
        .slice(first, first + perRow)
        .map((text) => text.padEnd(width))
        .join('')
        .trimEnd(),
    )
  }
  return texts.length > shown.length ? [...rows, `… and ${texts.length - shown.length} more`] : rows
}
