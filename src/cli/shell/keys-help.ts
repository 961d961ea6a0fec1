// The keys of the line editor, for `\help`.

export const KEYS_HELP = `Keys
  Tab              completes attributes, $aliases, variables, words, commands
  Enter            asks a complete form, else begins a new line; so does Alt-Enter
  Up, Down         lines of the text, then what was asked before
  Ctrl-R           searches in what was asked before
  Ctrl-C           cancels what runs, or drops what is typed
  Ctrl-A, E, B, F  begin and end of the line, back, forward
  Ctrl-Left, Right one word back, forward
  Ctrl-W, U, K, Y  cut the word before, the line before, behind; paste the cut
  Ctrl-_, Ctrl-L   takes the last change back; clears the window
`
