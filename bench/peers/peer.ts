// Another database that is asked the same questions in the same run, and is passed over by name where it cannot be had.

/** Milliseconds that one question took, as the peer itself saw it, and how many rows it gave. */
export type PeerAnswer = { readonly rowCount: number; readonly ms: number }

export interface Peer extends AsyncDisposable {
  readonly name: string
  /** A question of the suite, as Datalog. */
  ask(query: string, rules: string | undefined): Promise<PeerAnswer>
}

/** The peer; or, told, none where what it needs is not on this machine. */
export async function peerOrNone(
  name: string,
  start: () => Promise<Peer>,
  say: (text: string) => void,
): Promise<Peer | undefined> {
  try {
    return await start()
  } catch (error) {
    say(`${name} is passed over: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`)
    return undefined
  }
}
