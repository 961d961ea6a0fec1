// Where traces go, and which: as the command line says, else as the variables of the environment say that OpenTelemetry gave names
// to. Nothing is traced where neither names a collector.

import type { Env } from '../../base/env.ts'
import { VarveError } from '../../base/errors.ts'
import { uuidSource } from '../../base/random-uuid.ts'
import { EXPORT_LIMITS, type ExportTarget } from './span-exporter.ts'
import { SAMPLER_NAMES, type Sampler, samplerOf } from './sampler.ts'

export type TracingSettings = {
  readonly target: ExportTarget
  readonly sampler: Sampler
  /** What requests come by. */
  readonly scheme: 'http' | 'https'
  /** What the collector may take to answer. */
  readonly answerMsMax: number
}

type Variable = (name: string) => string | undefined

export type TracingOptions = {
  /** The URL of a collector, to which the path for traces is added. */
  readonly endpoint: string | undefined
  /** Of Varve. */
  readonly version: string
  readonly scheme: TracingSettings['scheme']
}

/** Names of settings of all that goes out over OTLP, and of those of traces alone, which count before them. */
const OTLP = 'OTEL_EXPORTER_OTLP_'
const OTLP_TRACES = 'OTEL_EXPORTER_OTLP_TRACES_'

/** Undefined where nothing is traced. Throws `varve.error/tracing-setting-invalid`. */
export function tracingSettings(
  env: Env,
  { endpoint, version, scheme }: TracingOptions,
): TracingSettings | undefined {
  // What is empty is as if it were not there.
  const variable: Variable = (name) => env.processes.environment(name)?.trim() || undefined
  const url = urlOf(endpoint, variable)
  if (url === undefined) return undefined
  checkProtocol(variable)
  const timeout = otlp(variable, 'TIMEOUT')
  return {
    target: {
      url,
      headers: pairsOf(otlp(variable, 'HEADERS')),
      isCompressed: isCompressed(variable),
      resource: {
        'service.name': 'varve',
        'service.version': version,
        'service.instance.id': uuidSource(env.random)(),
        'host.name': env.processes.host,
        'process.pid': env.processes.pid,
        'telemetry.sdk.name': 'varve',
        'telemetry.sdk.language': 'nodejs',
        'telemetry.sdk.version': version,
        ...pairsOf(given(variable, 'OTEL_RESOURCE_ATTRIBUTES')),
        ...serviceName(variable),
      },
      version,
    },
    sampler: samplerFrom(variable),
    scheme,
    answerMsMax:
      timeout === undefined ? EXPORT_LIMITS.answerMsMax : numberOf(timeout, 'milliseconds', 1, 600_000),
  }
}

/** A variable with its name, for the error where it says nothing that is understood. */
type Given = { readonly name: string; readonly text: string }

function given(variable: Variable, name: string): Given | undefined {
  const text = variable(name)
  return text === undefined ? undefined : { name, text }
}

function otlp(variable: Variable, name: string): Given | undefined {
  return given(variable, `${OTLP_TRACES}${name}`) ?? given(variable, `${OTLP}${name}`)
}

function urlOf(endpoint: string | undefined, variable: Variable): string | undefined {
  if (variable('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return undefined
  if (endpoint !== undefined) return withPath({ name: '--otlp', text: endpoint })
  if (variable('OTEL_TRACES_EXPORTER') === 'none') return undefined
  const own = given(variable, `${OTLP_TRACES}ENDPOINT`)
  if (own !== undefined) return checkedUrl(own).href
  const base = given(variable, `${OTLP}ENDPOINT`)
  return base && withPath(base)
}

function withPath(base: Given): string {
  const url = checkedUrl(base)
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`
  return url.href
}

/** Shown when the collector does not answer, so no place for secrets: those belong into headers. */
function checkedUrl(base: Given): URL {
  const url = URL.parse(base.text)
  const isUsable =
    url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === ''
  if (!isUsable) throw settingInvalid(base.name, 'a URL such as http://127.0.0.1:4318, without a user in it')
  return url
}

/** JSON over HTTP, at the same address that takes protobuf over HTTP: collectors tell them apart. */
function checkProtocol(variable: Variable): void {
  const protocol = otlp(variable, 'PROTOCOL')
  if (protocol?.text === 'grpc') throw settingInvalid(protocol.name, 'http/json; there is no gRPC')
}

function isCompressed(variable: Variable): boolean {
  const compression = otlp(variable, 'COMPRESSION')
  if (compression === undefined || compression.text === 'none') return false
  if (compression.text === 'gzip') return true
  throw settingInvalid(compression.name, 'gzip or none')
}

function serviceName(variable: Variable): { readonly 'service.name'?: string } {
  const name = variable('OTEL_SERVICE_NAME')
  return name === undefined ? {} : { 'service.name': name }
}

function samplerFrom(variable: Variable): Sampler {
  const chosen = given(variable, 'OTEL_TRACES_SAMPLER')
  const name = SAMPLER_NAMES.find((each) => each === (chosen?.text ?? 'parentbased_always_on'))
  if (name === undefined) throw settingInvalid(chosen!.name, `one of ${SAMPLER_NAMES.join(', ')}`)
  const ratio = given(variable, 'OTEL_TRACES_SAMPLER_ARG')
  const isAsked = name.endsWith('traceidratio') && ratio !== undefined
  return samplerOf(name, isAsked ? numberOf(ratio, 'a share', 0, 1) : 1)
}

function numberOf({ name, text }: Given, unit: string, least: number, most: number): number {
  const value = Number(text)
  if (!(value >= least && value <= most)) throw settingInvalid(name, `${unit}, from ${least} to ${most}`)
  return value
}

/** `key=value,key=value`, with `%2C` and the like in the values. */
function pairsOf(list: Given | undefined): Readonly<Record<string, string>> {
  if (list === undefined) return {}
  const pairs = list.text.split(',').filter((pair) => pair.trim() !== '')
  return Object.fromEntries(pairs.map((pair) => pairOf(pair, list.name)))
}

function pairOf(pair: string, name: string): readonly [string, string] {
  const mark = pair.indexOf('=')
  try {
    const key = decodeURIComponent(pair.slice(0, Math.max(0, mark)).trim())
    if (key !== '') return [key, decodeURIComponent(pair.slice(mark + 1).trim())]
  } catch {
    // A lone % and the like; told below.
  }
  throw settingInvalid(name, 'key=value,key=value, with %2C for a comma')
}

/** What it says now is not told: it may hold a secret. */
function settingInvalid(name: string, wanted: string): VarveError {
  return new VarveError({
    code: 'varve.error/tracing-setting-invalid',
    kind: 'incorrect',
    message: `${name} does not say where or how to send traces`,
    fix: `Give ${wanted}; OTEL_SDK_DISABLED=true turns traces off`,
    data: { name },
  })
}
