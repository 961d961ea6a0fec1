// The two ways to use a shell: a person types at the line editor until they quit, errors being told and forgotten; or
// text comes through a pipe, is run form by form without a prompt, and the first error ends it.

import { queryCancelled } from '../../engine/errors.ts'
import { exitCodeOf } from '../exit-code.ts'
import { reportError } from '../report.ts'
import { indentation, isComplete } from './brackets.ts'
import { SHELL_COMMANDS } from './commands.ts'
import { completionOf } from './completion.ts'
import { History } from './history.ts'
import { inputsOf } from './inputs.ts'
import { LineEditor } from './line-editor.ts'
import { runInput } from './run-input.ts'
import type { ShellState } from './state.ts'

export async function converse(state: ShellState): Promise<void> {
  const { env, terminal } = state
  using editor = new LineEditor(terminal, new History(env, terminal.homeFolder), {
    isComplete: (text) => isComplete(text),
    indentation,
    complete: async (draft) =>
      completionOf(draft, {
        names: await state.vocabulary.names(),
        database: state.database,
        commands: SHELL_COMMANDS,
      }),
  })
  for (;;) {
    const typed = await editor.read(promptOf(state))
    if (typed.kind === 'end') return
    const input = { text: typed.text }
    try {
      const outcome = await editor.interruptible(
        () => queryCancelled(undefined),
        (signal) => runInput(state, input, signal),
      )
      if (outcome === 'quit') return
    } catch (error) {
      reportError(error, terminal, input)
    }
  }
}

/** Runs what comes through a pipe; the exit code. */
export async function runPiped(state: ShellState): Promise<number> {
  const { terminal } = state
  const never = new AbortController().signal
  for await (const input of inputsOf(terminal.lines(), 'stdin')) {
    try {
      if ((await runInput(state, input, never)) === 'quit') return 0
      await terminal.flushed()
    } catch (error) {
      reportError(error, terminal, input)
      return exitCodeOf(error)
    }
  }
  return 0
}

/** `pur=> `, or `pur@2014-11-15=> ` where the past is asked. */
function promptOf({ database, asOf }: ShellState): string {
  const moment = asOf instanceof Date ? asOf.toISOString().replace(/(T00:00:00)?\.000Z$/, '') : asOf
  return `${database ?? 'varve'}${moment === undefined ? '' : `@${moment}`}=> `
}
