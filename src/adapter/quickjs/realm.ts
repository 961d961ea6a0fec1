// The world that procedures see, seen from its parts (realm-*.ts): each part is a function that goes into the sandbox as
// text, and names nothing from outside itself but other parts (prelude.ts). All of it is frozen before a procedure runs.

/** The global object, while it is made. */
export type Realm = Record<string, unknown>

/** What crosses. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }
