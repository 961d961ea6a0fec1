// What `import … from 'varve/client'` gives: the interface of Varve over HTTP, in any JavaScript engine.

export { connect, type ClientOptions } from './connect.ts'
export type { TraceHeaders } from './wire.ts'
export { defineSchema } from '../interface/define-schema.ts'
export { type ErrorKind, type Place, VarveError, type Warning } from '../base/errors.ts'
export type { IndexName } from '../fact/datom.ts'
export type { ExplainedPart, ExplainMode, Explanation } from '../plan/explain.ts'
export type { ValueType } from '../fact/attribute.ts'
export type {
  AttributeDefinition,
  Attributes,
  Definition,
  KeywordText,
} from '../interface/types/attributes.ts'
export type { DefinedSchema, SchemaOf } from '../interface/types/define-schema.ts'
export type {
  Answer,
  AnswerReceipt,
  ColumnInfo,
  Cursors,
  Database,
  DatabaseInfo,
  DatomItem,
  Db,
  Entity,
  LogDatom,
  LogItem,
  LogOptions,
  Moment,
  OpenOptions,
  QueryRequest,
  Rows,
  SchemaMap,
  TransactOptions,
  TransactResult,
  Varve,
} from '../interface/types/interfaces.ts'
export type { PullResult } from '../interface/types/pull.ts'
export type { QueryArgument, QueryForm, QueryResult } from '../interface/types/query.ts'
/** Of decimals. */
export type { BigNumber } from 'bignumber.js'
export type {
  AnswerDigest,
  CheckedQuery,
  ParameterToSave,
  QueryCheck,
  QueryToSave,
  RunArguments,
  RunOptions,
  SavedVersion,
} from '../interface/types/saved-query.ts'
