// Where immutable bytes stay, by name: segments, and the one small object that changes, the root. Five methods,
// so that a folder, memory and an S3 bucket can all be one. Every store passes `testing/blob-store-suite.ts`.

/** Bytes of one blob, read where they are wanted. Reads are synchronous: a remote store brings the blob near first. */
export interface Blob extends Disposable {
  readonly byteCount: number
  /** The file of this machine in which the bytes lie as they are, for programs that read files; undefined elsewhere. */
  readonly path?: string
  /**
   * `length` bytes from `offset`, as a view that nobody will change.
   * Throws `varve.error/blob-missing` if the blob was deleted since and cannot be read any more.
   */
  read(offset: number, length: number): Uint8Array
}

export interface BlobStore {
  /** Writes a blob that does not exist yet, durable when resolved; the same key again is left as it is. */
  put(key: string, bytes: Uint8Array): Promise<void>
  /** Throws `varve.error/blob-missing`. */
  open(key: string): Promise<Blob>
  /** Keys that begin with `prefix`, in any order. */
  list(prefix: string): Promise<readonly string[]>
  /** Deletes if present. */
  delete(key: string): Promise<void>
  /**
   * Replaces a small object if its bytes are still `expected` (undefined: if there is none), durable when
   * resolved. False if somebody else was first.
   */
  swap(key: string, expected: Uint8Array | undefined, bytes: Uint8Array): Promise<boolean>
}
