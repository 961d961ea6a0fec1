// An abort signal that asks whether it was aborted: a computing thread hears no event, but it can look at memory that
// others write. Nobody can listen to it.

export function askingSignal(isAborted: () => boolean): AbortSignal {
  const { signal } = new AbortController()
  Object.defineProperty(signal, 'aborted', { get: isAborted })
  return signal
}
