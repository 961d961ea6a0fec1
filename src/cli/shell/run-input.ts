// One input of the shell: a command if it begins with a backslash, else a question. Errors come out as they are.

import { VarveError } from '../../base/errors.ts'
import { nearest } from '../../base/nearest.ts'
import { askQuestion } from './ask.ts'
import { SHELL_COMMANDS, type ShellCommand } from './commands.ts'
import type { Outcome, ShellInput, ShellState } from './state.ts'

export async function runInput(state: ShellState, input: ShellInput, signal: AbortSignal): Promise<Outcome> {
  const word = /^\s*\\(\S*)/.exec(input.text)
  if (word === null) {
    // Comments and blanks alone ask nothing.
    if (/^(\s|;.*(\n|$))*$/.test(input.text)) return 'go-on'
    await askQuestion(state, input, signal)
    return 'go-on'
  }
  const command = commandNamed(word[1]!)
  if (command === undefined) throw commandUnknown(word[1]!)
  const argument = { ...input, text: blanked(word[0]) + input.text.slice(word[0].length) }
  return (await command.run(state, argument, signal)) ?? 'go-on'
}

/** Blanks that keep the lines and columns of what follows. */
function blanked(text: string): string {
  return text.replaceAll(/[^\n]/g, ' ')
}

function commandNamed(name: string): ShellCommand | undefined {
  return SHELL_COMMANDS.find((command) => command.name === name || command.aliases.includes(name))
}

function commandUnknown(name: string): VarveError {
  const meant = nearest(
    name,
    SHELL_COMMANDS.map((command) => command.name),
  )
  return new VarveError({
    code: 'varve.error/usage',
    kind: 'incorrect',
    message: `There is no command \\${name}`,
    fix: meant === undefined ? '\\help lists the commands' : `Did you mean \\${meant}?`,
    data: { name },
  })
}
