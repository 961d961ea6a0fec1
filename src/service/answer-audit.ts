// The audit as a whole: whether its chains hold, and what a question of it answers today.

import type { HttpResponse } from '../base/env.ts'
import type { Plain } from '../fact/plain-edn.ts'
import { type AuditReport, verifyAudit } from './audit/verify.ts'
import { ok, type Route, type RouteContext } from './route.ts'
import { COUNT, list, object, TEXT } from './answer-schema.ts'

const AUDITED = object(
  { database: TEXT, linkCount: COUNT, intentCount: COUNT, unknownCount: COUNT, hash: TEXT },
  { broken: { type: 'object' } },
)

export const AUDIT_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/audit/verify',
    about: 'Reads every audit of the system folder whole, and tells whether its chain holds',
    scope: 'manage',
    answers: object({ audits: list(AUDITED) }),
    answer: answerVerify,
  },
]

async function answerVerify(context: RouteContext): Promise<HttpResponse> {
  const { system, audit } = context.service
  await audit.settled()
  const audits: Plain[] = []
  for (const connection of await system.audits()) audits.push(reportField(await verifyAudit(connection)))
  return ok(context, { audits })
}

function reportField({ broken, ...report }: AuditReport): Plain {
  return { ...report, ...(broken !== undefined && { broken }) }
}
