import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { nodeEnv } from '../../base/env-node.ts'
import { screenOf } from '../../testing/test-screen.ts'
import { TestTerminal } from '../../testing/test-terminal.ts'
import { indentation, isComplete } from './brackets.ts'
import { History } from './history.ts'
import { type Completion, LineEditor, type Typed } from './line-editor.ts'

let terminal: TestTerminal
let editor: LineEditor
let history: History
let completion: Completion
let typed: Promise<Typed>

beforeEach(() => {
  terminal = new TestTerminal()
  history = new History(nodeEnv(), '')
  completion = { from: 0, candidates: [] }
  editor = new LineEditor(terminal, history, {
    isComplete,
    indentation,
    complete: () => Promise.resolve(completion),
  })
  typed = editor.read('=> ')
})
afterEach(() => editor[Symbol.dispose]())

/** Drawing waits for the keys that come together. */
async function screen(): Promise<readonly string[]> {
  await Promise.resolve()
  await Promise.resolve()
  return screenOf(terminal.written, terminal.columnCount)
}

async function enter(text: string): Promise<void> {
  terminal.type(text)
  terminal.press('return')
  await typed
  typed = editor.read('=> ')
}

describe('the line editor', () => {
  it('shows what is typed, and gives it when Enter is pressed', async () => {
    terminal.type('[:find ?x]')
    expect(await screen()).toEqual(['=> [:find ?x]█'])
    terminal.press('return')
    expect(await typed).toEqual({ kind: 'text', text: '[:find ?x]' })
    expect(await screen()).toEqual(['=> [:find ?x]', '█'])
  })

  it('goes on in a new line until the form is complete', async () => {
    terminal.type('[:find ?x')
    terminal.press('return')
    terminal.type(':where [_ :a ?x]')
    expect(await screen()).toEqual(['=> [:find ?x', '    :where [_ :a ?x]█'])
    terminal.type(']')
    terminal.press('return')
    expect(await typed).toEqual({ kind: 'text', text: '[:find ?x\n :where [_ :a ?x]]' })
  })

  it('mends an earlier line of the same text', async () => {
    terminal.type('[:find ?x')
    terminal.press('return')
    terminal.type(':where [_ :a ?y]]')
    terminal.press('up', 'ctrl-e', 'backspace')
    terminal.type('y')
    expect(await screen()).toEqual(['=> [:find ?y█', '    :where [_ :a ?y]]'])
    terminal.press('return')
    expect(await typed).toMatchObject({ text: '[:find ?y\n :where [_ :a ?y]]' })
  })

  it('breaks what is wider than the window, and shows the part of a high text where the cursor is', async () => {
    terminal.columnCount = 12
    terminal.type('[1 2 3 4 5 6]')
    expect(await screen()).toEqual(['=> [1 2 3 4 ', '5 6]█'])
    terminal.press('ctrl-a')
    expect(await screen()).toEqual(['=> █[1 2 3 4 ', '5 6]'])
    terminal.press('ctrl-c')
    terminal.rowCount = 4
    terminal.written = ''
    terminal.press('paste-start')
    for (const line of ['[1', '2', '3', '4', '5']) {
      terminal.type(line)
      terminal.press('return')
    }
    terminal.press('paste-end')
    expect(await screen()).toEqual(['   4', '   5', '   █'])
    terminal.press('ctrl-p', 'ctrl-p', 'ctrl-p', 'ctrl-p')
    expect(await screen()).toEqual(['=> [1', '   █2', '   3'])
  })

  it('takes what is pasted as it stands, without asking it', async () => {
    terminal.press('paste-start')
    terminal.type('[:find ?x]')
    terminal.press('return', 'tab')
    terminal.type('"a"')
    terminal.press('paste-end')
    expect(await screen()).toEqual(['=> [:find ?x]', '     "a"█'])
  })

  it('has the keys of every shell', async () => {
    terminal.type('one two three')
    terminal.press('ctrl-w')
    expect((await screen()).at(-1)).toBe('=> one two █')
    terminal.press('ctrl-y', 'ctrl-y')
    expect((await screen()).at(-1)).toBe('=> one two threethree█')
    terminal.press('ctrl-_', 'ctrl-a', 'meta-f', 'ctrl-k')
    expect((await screen()).at(-1)).toBe('=> one█')
    terminal.press('ctrl-u')
    expect((await screen()).at(-1)).toBe('=> █')
    terminal.type('abc')
    terminal.press('left', 'left', 'delete', 'home', 'right', 'ctrl-t', 'end', 'ctrl-b', 'ctrl-d')
    expect((await screen()).at(-1)).toBe('=> c█')
  })

  it('Ctrl-C drops the text, Ctrl-D ends on an empty line, as a closed window does on any', async () => {
    terminal.type('[:find')
    terminal.press('ctrl-c')
    expect(await screen()).toEqual(['=> [:find^C', '=> █'])
    terminal.press('ctrl-d')
    expect(await typed).toEqual({ kind: 'end' })
    typed = editor.read('=> ')
    terminal.type('[:find')
    terminal.press('closed')
    expect(await typed).toEqual({ kind: 'end' })
  })

  it('brings back what was asked before, and what was begun', async () => {
    await enter('[1\n2]')
    await enter('[3]')
    terminal.type('begun')
    terminal.press('up')
    expect((await screen()).at(-1)).toBe('=> [3]█')
    terminal.press('up')
    expect((await screen()).slice(-2)).toEqual(['=> [1', '   2]█'])
    terminal.press('up', 'up', 'up')
    expect((await screen()).slice(-2)).toEqual(['=> [1█', '   2]'])
    terminal.press('down', 'down')
    expect((await screen()).at(-1)).toBe('=> [3]█')
    terminal.press('down', 'down')
    expect((await screen()).at(-1)).toBe('=> begun█')
  })

  it('searches in what was asked before', async () => {
    await enter('[:find ?name]')
    await enter('[:find ?city]')
    await enter('\\databases')
    terminal.press('ctrl-r')
    terminal.type('find')
    expect((await screen()).at(-1)).toBe('(search) find: [:█find ?city]')
    terminal.press('ctrl-r')
    expect((await screen()).at(-1)).toBe('(search) find: [:█find ?name]')
    terminal.press('ctrl-e')
    expect((await screen()).at(-1)).toBe('=> [:find ?name]█')
    terminal.press('ctrl-u', 'ctrl-r')
    terminal.type('nothing like it')
    terminal.press('ctrl-g')
    expect((await screen()).at(-1)).toBe('=> █')
  })

  it('completes as far as all candidates agree, then lists them', async () => {
    terminal.type('[:pu')
    completion = { from: 1, candidates: [':purchase/amount', ':purchase/article'] }
    terminal.press('tab')
    expect(await screen()).toEqual(['=> [:purchase/a█'])
    terminal.press('tab')
    expect(await screen()).toEqual(['=> [:purchase/a█', ':purchase/amount   :purchase/article'])
    terminal.type('m')
    completion = { from: 1, candidates: [':purchase/amount'] }
    terminal.press('tab')
    expect(await screen()).toEqual(['=> [:purchase/amount █'])
  })

  it('keeps keys for later while something runs, but for Ctrl-C', async () => {
    terminal.press('return')
    await typed
    let reason: unknown
    await editor.interruptible(
      () => 'stopped',
      async (signal) => {
        terminal.type('gone')
        terminal.press('ctrl-c')
        terminal.type('[2]')
        reason = signal.reason
      },
    )
    expect(reason).toBe('stopped')
    typed = editor.read('=> ')
    expect((await screen()).at(-1)).toBe('=> [2]█')
  })
})
