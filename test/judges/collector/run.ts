// Puts the traces of a running service to the decoder of the OpenTelemetry Collector: each must come back as it was sent, field
// by field. It needs Go; the decoder is fetched and built on first use, about a minute, and cached outside the tree.
//
//   npm run judge -- --traces

import { spawnSync } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { receivedSpans } from '../../../src/testing/otlp.ts'
import { cacheFolder } from '../../toolchains.ts'
import { RunningVarve, TestFolder } from '../../varve-process.ts'

const here = import.meta.dirname
const ASKED = [
  '[:find (count ?c) . :where [$cus ?c :customer/id]]',
  '[:find ?a ?b :where [$cus ?a :customer/city ?c] [$cus ?b :customer/city ?c]]',
  '[:find ?x :where [$cus ?x :customer/nothing]]',
  '[:find ?x',
]

process.exitCode = await judge()

async function judge(): Promise<number> {
  const sent = await sentBodies()
  const back = decoded(sent)
  const wrong = sent.filter(
    (body, index) => !isDeepStrictEqual(comparable(body), comparable(back[index] ?? '{}')),
  )
  for (const body of wrong) console.error(`Not understood as it was meant:\n${body}`)
  const spanCount = sent.flatMap(receivedSpans).length
  console.log(`${spanCount} spans in ${sent.length} requests, ${wrong.length} requests not understood`)
  return wrong.length > 0 || spanCount === 0 ? 1 : 0
}

/** What a service exports that is asked by every engine, well and badly. */
async function sentBodies(): Promise<readonly string[]> {
  using folder = new TestFolder()
  const bodies: string[] = []
  const collector = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      bodies.push(Buffer.concat(chunks).toString())
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve))
  const address = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`
  try {
    await using server = new RunningVarve([
      'dev',
      '--data',
      join(folder.path, 'data'),
      '--port',
      '0',
      '--otlp',
      address,
    ])
    const url = await server.url()
    for (const engine of ['auto', 'duckdb'])
      for (const query of ASKED)
        await fetch(`${url}/v1/query`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
            tracestate: 'vendor=value',
          },
          body: JSON.stringify({ query, engine }),
        }).then((response) => response.arrayBuffer())
    await fetch(`${url}/v1/databases/customers/transact`, {
      method: 'POST',
      headers: { 'content-type': 'application/edn' },
      body: '{:tx [{:customer/id "judge"}]}',
    })
    await fetch(`${url}/nowhere`)
    await server.stop()
  } finally {
    collector.closeAllConnections()
    collector.close()
  }
  return bodies
}

function decoded(bodies: readonly string[]): readonly string[] {
  const program = join(cacheFolder(), 'collector-judge')
  run('go', ['build', '-o', program, '.'])
  return run(program, [], bodies.join('\n')).trimEnd().split('\n')
}

function run(program: string, args: readonly string[], input = ''): string {
  const { status, stdout, error } = spawnSync(program, args, {
    cwd: here,
    input,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'inherit'],
    maxBuffer: 1 << 28,
  })
  if (error !== undefined) throw error
  if (status !== 0) throw new Error(`${program} ended with ${status}`)
  return stdout
}

/** The Collector writes what is empty where we leave it out: a status that is unset, no attributes. */
function comparable(body: string): unknown {
  return JSON.parse(body, (_, value: unknown) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
    const filled = Object.entries(value).filter(([, each]) => !isEmpty(each))
    return Object.fromEntries(filled.sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

function isEmpty(value: unknown): boolean {
  return value === '' || (typeof value === 'object' && value !== null && Object.keys(value).length === 0)
}
