// Procedures that come with Varve: what people who work with money ask for most. `connect(url, { procedures:
// starterProcedures })` makes all of them known; a list of some will do as well.

import type { Procedure } from '../procedure.ts'
import * as calendar from './calendar.ts'
import * as days from './days.ts'
import * as depreciation from './depreciation.ts'
import * as interest from './interest.ts'
import * as money from './money.ts'
import * as presentValue from './present-value.ts'
import * as random from './random.ts'

/** All of them: docs/reference/starter-procedures.md says what each is for. */
export const starterProcedures: readonly Procedure[] = [
  calendar,
  days,
  depreciation,
  interest,
  money,
  presentValue,
  random,
].flatMap((each) => Object.values(each))
