// Rows of a CSV file: its header names the columns, everything below is text until the mapping says more.

import type { Env } from '../base/env.ts'
import { CsvSplitter, type CsvRecord, ROW_LENGTH_MAX, sniffDelimiter } from './csv-records.ts'
import { formatUnknown, headerInvalid, rowTooLong } from './errors.ts'
import { type Encoding, readText } from './read-text.ts'
import { rowMalformed } from './reject.ts'
import { RowGatherer } from './row-gatherer.ts'
import type { RowBatch, RowSource, SourceColumn } from './source.ts'

export type CsvOptions = {
  /** Found out from the first lines where it is not given. */
  readonly delimiter?: string
  readonly encoding: Encoding
  /** False where the first line is a row already. */
  readonly hasHeader: boolean
}

const DELIMITER_NAMES: ReadonlyMap<string, string> = new Map([
  [',', 'commas'],
  [';', 'semicolons'],
  ['\t', 'tabs'],
  ['|', 'bars'],
])

export class CsvSource implements RowSource {
  readonly typing = 'text'
  readonly columns: readonly SourceColumn[]
  readonly extent: number
  readonly #env: Env
  readonly #path: string
  readonly #delimiter: string
  readonly #options: CsvOptions

  /** Reads the beginning of the file: the delimiter and the header. */
  static async open(env: Env, path: string, options: CsvOptions): Promise<CsvSource> {
    let delimiter = options.delimiter
    let splitter: CsvSplitter | undefined
    for await (const { text, isLast } of readText(env, path, options.encoding)) {
      delimiter ??= sniffDelimiter(isLast ? `${text}\n` : text)
      splitter ??= new CsvSplitter(delimiter)
      const [first] = splitter.split(text, isLast)
      if (first !== undefined)
        return new CsvSource(env, path, delimiter, options, namesOf(path, first, options))
      if (splitter.restLength > ROW_LENGTH_MAX) throw rowTooLong(path, ROW_LENGTH_MAX)
    }
    throw headerInvalid(path, 'the file is empty', 'Give a file whose first line names the columns')
  }

  private constructor(
    env: Env,
    path: string,
    delimiter: string,
    options: CsvOptions,
    names: readonly string[],
  ) {
    this.#env = env
    this.#path = path
    this.#delimiter = delimiter
    this.#options = options
    this.columns = names.map((name) => ({ name }))
    this.extent = env.files.stat(path)?.byteCount ?? 0
  }

  get about(): string {
    return `CSV, separated by ${DELIMITER_NAMES.get(this.#delimiter) ?? this.#delimiter}`
  }

  async *rows(): AsyncGenerator<RowBatch> {
    const splitter = new CsvSplitter(this.#delimiter)
    let skipCount = this.#options.hasHeader ? 1 : 0
    for await (const { text, position, isLast } of readText(this.#env, this.#path, this.#options.encoding)) {
      const records = splitter.split(text, isLast)
      if (splitter.restLength > ROW_LENGTH_MAX) throw rowTooLong(this.#path, ROW_LENGTH_MAX)
      const rows = new RowGatherer()
      for (let index = skipCount; index < records.length; index++) this.#gather(records[index]!, rows)
      skipCount = Math.max(0, skipCount - records.length)
      yield rows.batch(position)
    }
  }

  #gather({ line, fields, problem }: CsvRecord, rows: RowGatherer): void {
    if (problem !== undefined) rows.addMalformed(line, rowMalformed(problem), fields[0]!)
    else if (fields.length === this.columns.length) rows.add(line, fields)
    else {
      const message = `The row has ${fields.length} fields, the header ${this.columns.length}`
      rows.addMalformed(line, rowMalformed(message), fields.join(this.#delimiter))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function namesOf(path: string, first: CsvRecord, { hasHeader }: CsvOptions): readonly string[] {
  if (first.problem !== undefined) {
    throw formatUnknown(
      path,
      `its first line is no CSV (${first.problem})`,
      'Mend the first line, or say --delimiter or --encoding',
    )
  }
  if (!hasHeader) return first.fields.map((_, index) => `column-${index + 1}`)
  const names = first.fields.map((field, index) => field.trim() || `column-${index + 1}`)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) {
    throw headerInvalid(
      path,
      `the column ${repeated} stands in it twice`,
      'Give every column a name of its own, or import with --no-header',
    )
  }
  return names
}
