/** The module of a thread that runs procedures. */
export const SANDBOX_MODULE: URL = new URL('./sandbox-worker.ts', import.meta.url)
