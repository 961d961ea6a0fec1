/** The module of a thread that answers the questions of a folder by DuckDB. */
export const DUCKDB_WORKER: URL = new URL('./duckdb-worker.ts', import.meta.url)
