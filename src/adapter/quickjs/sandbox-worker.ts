// A thread that runs procedures, one call after the other, for the thread that started it (procedures/sandbox-thread.ts).
// It is thrown away where the sandbox did not survive a call, or did not stop when it was told to.

import { workerPort } from '../../base/env-node.ts'
import { errorToData, VarveError } from '../../base/errors.ts'
import { procedureFailed, procedureRuntimeFailed } from '../../procedures/errors.ts'
import { Mailbox, type MailState } from '../../procedures/mailbox.ts'
import type { SandboxRequest, SandboxStart } from '../../procedures/sandbox-thread.ts'
import { Broken } from './broken.ts'
import type { Sandbox } from './sandbox.ts'

const port = workerPort()
// Whoever started this thread gave these.
const { mailbox: sent, memoryBytesMax } = port.data as SandboxStart
const mailbox = new Mailbox(sent)
const opened = open()
// Whoever asks first hears of it.
opened.catch(() => undefined)

port.onMessage((message) => void answer(message as SandboxRequest))

async function open(): Promise<Sandbox> {
  // The driver loads here: a missing one is then an answer, and not a thread that nobody hears of.
  const { Sandbox } = await import('./sandbox.ts')
  return Sandbox.open(memoryBytesMax, { isCancelled: () => mailbox.isCancelled, ask })
}

async function answer({ procedure, rows }: SandboxRequest): Promise<void> {
  try {
    const sandbox = await opened
    sandbox.compile(procedure)
    mailbox.run()
    if (mailbox.tell('answered', sandbox.run(procedure, rows))) return
    throw procedureFailed(procedure, 'it gives more than can be handed over', undefined)
  } catch (error) {
    if (error instanceof VarveError) tellFailure('failed', error)
    else if (error instanceof Broken) tellFailure('broken', error.error)
    else tellFailure('broken', procedureRuntimeFailed(error instanceof Error ? error.message : String(error)))
  }
}

function tellFailure(state: 'failed' | 'broken', error: VarveError): void {
  mailbox.tell(state, JSON.stringify(errorToData(error)))
}

/** Between two looks at whether the answer is still waited for. */
const ASK_MS = 20

/** Asks the thread that waits for this one, and waits for it. */
function ask(question: string): string {
  if (!mailbox.tell('reading', question)) throw new Error('The question is too large')
  let state: MailState | undefined
  while (state === undefined && !mailbox.isCancelled) state = mailbox.wait('reading', ASK_MS)
  if (state === 'read') return mailbox.text
  throw new Error(state === 'unreadable' ? mailbox.text : 'interrupted')
}
