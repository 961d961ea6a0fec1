// What a caller or the world did wrong, as one class with a stable code. Our own mistakes are failed
// assertions (assert.ts) instead: they stop the work, they are not reported as somebody's error.
// Only `service` turns kinds into HTTP status.

export type ErrorKind =
  | 'incorrect'
  | 'unauthorized'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'unsupported'
  | 'busy'
  | 'fault'
  | 'unavailable'
  | 'interrupted'

/** Where in a text or a data form something stands. Lines and columns count from 1. */
export type Place = {
  readonly source?: string
  readonly line?: number
  readonly column?: number
  /** Keys and indices from the root of the form: `['where', 0, 1]`. */
  readonly path?: readonly (string | number)[]
}

export type VarveErrorInit = {
  readonly code: string
  readonly kind: ErrorKind
  readonly message: string
  /** What to do next, as one sentence. */
  readonly fix: string
  readonly data?: Readonly<Record<string, unknown>>
  readonly cause?: unknown
}

/** A caller's mistake or a broken world. `code` has no leading colon: `db.error/unique-conflict`. */
export class VarveError extends Error {
  readonly code: string
  readonly kind: ErrorKind
  readonly fix: string
  readonly data: Readonly<Record<string, unknown>>

  constructor(init: VarveErrorInit) {
    super(init.message, init.cause === undefined ? undefined : { cause: init.cause })
    this.name = 'VarveError'
    this.code = init.code
    this.kind = init.kind
    this.fix = init.fix
    this.data = init.data ?? {}
  }

  /** The shape that leaves over HTTP under `error` (interfaces: "Errors and warnings"). */
  toJSON(): Readonly<Record<string, unknown>> {
    return {
      code: this.code,
      kind: this.kind,
      message: this.message,
      fix: this.fix,
      data: this.data,
    }
  }
}

/** An error as plain data, which another thread can take. */
export type ErrorData = {
  readonly code?: string
  readonly kind?: ErrorKind
  readonly message: string
  readonly fix?: string
  /** JSON. */
  readonly data?: string
  readonly stack?: string | undefined
}

export function errorToData(error: unknown): ErrorData {
  if (error instanceof VarveError) {
    const { code, kind, message, fix, data } = error
    return { code, kind, message, fix, data: JSON.stringify(data, bigintAsText) }
  }
  const { message, stack } = error instanceof Error ? error : new Error(String(error))
  return { message, stack }
}

/** JSON has no bigint; what an error tells is for people. */
function bigintAsText(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}

export function errorFromData({ code, kind, message, fix, data, stack }: ErrorData): Error {
  if (code === undefined) return Object.assign(new Error(message), { stack })
  return new VarveError({
    code,
    kind: kind ?? 'fault',
    message,
    fix: fix ?? '',
    data: JSON.parse(data ?? '{}') as Record<string, unknown>,
  })
}

/** Something that was taken but that its author should look at. */
export type Warning = {
  readonly code: string
  readonly message: string
  readonly fix: string
  readonly place?: Place
}
