// What makes a value of a database known on the way: the text that names it.

import type { ViewedName } from '../query/viewed-name.ts'

export class NamedDb {
  readonly viewed: ViewedName

  constructor(viewed: ViewedName) {
    this.viewed = viewed
  }

  get name(): string {
    return this.viewed.name
  }
}
