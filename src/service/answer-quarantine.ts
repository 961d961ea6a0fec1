// Queries that ended two workers and are not asked for a while: which they are, and letting one be asked again.

import { INSTANT_TEXT, list, object, TEXT } from './answer-schema.ts'
import { ok, type Route } from './route.ts'

export const QUARANTINE_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/quarantine',
    about: 'Queries that are not asked since they ended two workers',
    scope: 'manage',
    answers: object({ queries: list(object({ queryHash: TEXT, until: INSTANT_TEXT })) }),
    answer: async (context) => {
      const queries = context.service.quarantine
        .list()
        .map(({ queryHash, until }) => ({ queryHash, until: until.toISOString() }))
      return ok(context, { queries })
    },
  },
  {
    method: 'DELETE',
    path: '/v1/quarantine/:hash',
    about: 'Lets a query be asked again',
    scope: 'manage',
    answers: object({ lifted: TEXT }),
    answer: async (context) => {
      const hash = context.parameters['hash']!
      context.service.quarantine.lift(hash)
      return ok(context, { lifted: hash })
    },
  },
]
