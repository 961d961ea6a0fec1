// The audit of questions: written before they are answered, chained, and verified from the facts alone.

import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { LOCAL_CALLER } from '../../access/caller.ts'
import { nodeEnv } from '../../base/env-node.ts'
import type { Datom } from '../../fact/datom.ts'
import { EdnMap } from '../../fact/value.ts'
import { SimulatedMachine } from '../../testing/simulated-env.ts'
import { simulatedStorage } from '../../testing/simulated-storage.ts'
import { Writer } from '../../database/writer.ts'
import { AUDIT_SCHEMA } from '../system/schema.ts'
import { SystemFolder } from '../system/system-folder.ts'
import { AUDIT_LIMITS, AuditLog, type Intent } from './audit-log.ts'
import { type AuditedConnection, verifyAudit } from './verify.ts'

const env = nodeEnv()
let system: SystemFolder
let writer: Writer
let audit: AuditLog
let faults: unknown[]

beforeEach(async () => {
  system = await SystemFolder.inMemory(env)
  faults = []
  writer = await system.openAudit()
  audit = new AuditLog(env, writer, (error) => faults.push(error))
})
afterEach(async () => {
  await audit.settled()
  if (faults.length > 0) throw new AggregateError(faults)
  await system[Symbol.asyncDispose]()
})

function intent(id: string, text = '[:find ?e :where [?e :a/b]]'): Intent {
  return {
    id,
    caller: { ...LOCAL_CALLER, ...(id === 'q3' && { purpose: 'billing' }) },
    question: { action: 'query', text, attributes: ['shop/:a/b', 'shop/:a/a'] },
    args: ['pur-8', 7, new EdnMap([])],
    basis: { shop: 4, customers: 12 },
  }
}

async function askThree(): Promise<void> {
  const [first, second] = await Promise.all(['q1', 'q2'].map((id) => audit.begin(intent(id))))
  first!.end({ end: 'answered', rows: 3, receipt: '{}' })
  second!.end({ end: 'failed', error: 'varve.error/query-timeout' })
  await audit.begin(intent('q3', '[:find ?x :where [?x :a/a]]'))
  await audit.settled()
}

describe('the audit', () => {
  it('chains intents and outcomes, and counts those whose outcome is unknown', async () => {
    await askThree()
    const report = await verifyAudit(writer)
    expect(report).toMatchObject({ linkCount: 5, intentCount: 3, unknownCount: 1, broken: undefined })
  })

  it('writes an outcome with the next intent, and by itself where none comes', async () => {
    const first = await audit.begin(intent('q1'))
    const beganT = writer.value().basisT
    first.end({ end: 'answered', rows: 3 })
    const second = await audit.begin(intent('q2'))
    expect(writer.value().basisT).toBe(beganT + 1)
    expect(await verifyAudit(writer)).toMatchObject({ linkCount: 3, unknownCount: 1 })
    second.end({ end: 'answered', rows: 3 })
    await writer.sync(beganT + 2)
    expect(await verifyAudit(writer)).toMatchObject({ linkCount: 4, unknownCount: 0 })
  })

  it('goes on with the chain where it ended', async () => {
    await askThree()
    const again = new AuditLog(env, writer, (error) => faults.push(error))
    const asked = await again.begin(intent('q4'))
    asked.end({ end: 'left' })
    await again.settled()
    expect(await verifyAudit(writer)).toMatchObject({ linkCount: 7, broken: undefined })
  })

  it('finds every datom that was changed, left out or put in', async () => {
    await askThree()
    const names = new Map([...writer.value().schema.attributes()].map(({ id, ident }) => [id, ident.text]))
    const all: { t: number; datoms: readonly Datom[] }[] = []
    for await (const item of writer.transactions({ from: 0, to: Infinity, isLive: false })) all.push(item)
    const isChained = ({ a }: Datom): boolean => /^(question|intent|outcome)\//.test(names.get(a) ?? '')
    let count = 0
    for (const { t, datoms } of all) {
      for (const datom of datoms.filter(isChained)) {
        const changed =
          datom.v instanceof Date
            ? new Date(datom.v.getTime() + 1)
            : typeof datom.v === 'number'
              ? datom.v + 1
              : `${String(datom.v)}x`
        const tampered: (Datom | undefined)[] = [
          { ...datom, v: changed },
          // The identity of an intent is covered by the hash; without it the rest has none.
          undefined,
          { ...datom, added: false },
        ]
        for (const instead of tampered) {
          const report = await verifyAudit(withDatom(t, datom, instead))
          expect([names.get(datom.a), instead, report.broken]).not.toEqual([
            names.get(datom.a),
            instead,
            undefined,
          ])
          count++
        }
      }
    }
    expect(count).toBeGreaterThan(100)
  })

  it('refuses the question when it cannot be written, and goes on when it can again', async () => {
    for (const step of [0, 1]) {
      const machine = new SimulatedMachine({ seed: step })
      await machine.run(async () => {
        const simulated = machine.startProcess()
        const simulatedWriter = await Writer.open(simulated, simulatedStorage(simulated), {
          schema: AUDIT_SCHEMA,
        })
        const log = new AuditLog(simulated, simulatedWriter, (error) => faults.push(error))
        await log.begin(intent('q1'))
        // The write of the frame, or its sync.
        machine.failAt(machine.operationCount + step, 'EIO')
        await expect(log.begin(intent('q2'))).rejects.toMatchObject({
          code: 'varve.error/audit-unavailable',
          kind: 'unavailable',
        })
        const asked = await log.begin(intent('q3'))
        asked.end({ end: 'answered', rows: 1 })
        await log.settled()
        const { broken, linkCount } = await verifyAudit(simulatedWriter)
        expect([broken, linkCount >= 3 && linkCount <= 4]).toEqual([undefined, true])
      })
    }
  })

  it('refuses the question while too many links wait', async () => {
    const bounded = new AuditLog(env, writer, (error) => faults.push(error), {
      ...AUDIT_LIMITS,
      pendingCountMax: 2,
    })
    const asked = Array.from({ length: 10 }, (_, index) => bounded.begin(intent(`b${index}`)))
    const ends = await Promise.allSettled(asked)
    expect(ends.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0)
    await expect(asked.at(-1)).rejects.toMatchObject({ code: 'varve.error/audit-queue-full', kind: 'busy' })
    await bounded.settled()
    expect(await verifyAudit(writer)).toMatchObject({ broken: undefined })
  })
})

/** The audit as if one datom of its log were another, or missing. */
function withDatom(t: number, datom: Datom, instead: Datom | undefined): AuditedConnection {
  return {
    info: writer.info,
    value: () => writer.value(),
    async *transactions(range) {
      for await (const item of writer.transactions(range)) {
        if (item.t !== t) yield item
        else
          yield {
            ...item,
            datoms: item.datoms.flatMap((each) =>
              each.e !== datom.e || each.a !== datom.a || String(each.v) !== String(datom.v)
                ? [each]
                : instead === undefined
                  ? []
                  : [instead],
            ),
          }
      }
    },
  }
}
