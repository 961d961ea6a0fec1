// What makes a value of a database known on the way: the text that names it. A speculative one has none.

import { type ViewedName, writeViewedName } from '../query/viewed-name.ts'
import { speculationNotAsked } from './errors.ts'

export class NamedDb {
  readonly viewed: ViewedName
  readonly isSpeculative: boolean

  constructor(viewed: ViewedName, isSpeculative: boolean) {
    this.viewed = viewed
    this.isSpeculative = isSpeculative
  }

  get name(): string {
    return this.viewed.name
  }

  /** Throws `varve.error/speculation-remote`. */
  get text(): string {
    if (this.isSpeculative) throw speculationNotAsked()
    return writeViewedName(this.viewed)
  }
}
