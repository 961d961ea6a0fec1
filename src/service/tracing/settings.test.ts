// Where traces go, from the command line and from the variables that OpenTelemetry names.

import { describe, expect, it } from 'vitest'
import type { Env } from '../../base/env.ts'
import { nodeEnv } from '../../base/env-node.ts'
import type { VarveError } from '../../base/errors.ts'
import { errorOf } from '../../testing/error-of.ts'
import { type TracingSettings, tracingSettings } from './settings.ts'

function settings(
  variables: Readonly<Record<string, string>>,
  endpoint?: string,
): TracingSettings | undefined {
  const real = nodeEnv()
  const processes = { ...real.processes, environment: (name: string) => variables[name] }
  const env: Env = { ...real, processes }
  return tracingSettings(env, { endpoint, version: '1.2.3', scheme: 'http' })
}

const HERE = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:4318' }

describe('where traces go', () => {
  it('is nowhere until somebody says it', () => {
    expect(settings({})).toBeUndefined()
    expect(settings({ OTEL_SERVICE_NAME: 'shop', OTEL_TRACES_SAMPLER: 'nonsense' })).toBeUndefined()
    expect(settings({ OTEL_EXPORTER_OTLP_ENDPOINT: ' ' })).toBeUndefined()
    expect(settings({ ...HERE, OTEL_TRACES_EXPORTER: 'none' })).toBeUndefined()
    expect(settings({ ...HERE, OTEL_SDK_DISABLED: 'true' }, 'http://127.0.0.1:4318')).toBeUndefined()
  })

  it('is the collector with the path of traces behind, or exactly the address of traces', () => {
    const url = (variables: Readonly<Record<string, string>>, endpoint?: string): string | undefined =>
      settings(variables, endpoint)?.target.url
    expect(url(HERE)).toBe('http://127.0.0.1:4318/v1/traces')
    expect(url({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://host/otel/' })).toBe('https://host/otel/v1/traces')
    const own = { ...HERE, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://host/spans' }
    expect(url(own)).toBe('http://host/spans')
    expect(url(own, 'http://127.0.0.1:1')).toBe('http://127.0.0.1:1/v1/traces')
  })

  it('takes headers, a name, attributes and patience along', () => {
    const found = settings({
      ...HERE,
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=a%2Cb, x = y',
      OTEL_EXPORTER_OTLP_TIMEOUT: '250',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_SERVICE_NAME: 'shop',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=test%20bed',
    })
    expect(found).toMatchObject({
      target: { headers: { 'api-key': 'a,b', x: 'y' }, isCompressed: true },
      answerMsMax: 250,
    })
    expect(found?.target.resource).toMatchObject({
      'service.name': 'shop',
      'service.version': '1.2.3',
      'deployment.environment.name': 'test bed',
    })
    expect(settings(HERE)?.target.resource).toMatchObject({ 'service.name': 'varve' })
    const traces = { ...HERE, OTEL_EXPORTER_OTLP_HEADERS: 'a=1', OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'b=2' }
    expect(settings(traces)?.target.headers).toEqual({ b: '2' })
  })

  const refusal = (variables: Readonly<Record<string, string>>, endpoint?: string): Promise<VarveError> =>
    errorOf((async () => settings(variables, endpoint))())

  it('is refused where it is not understood, without telling what was said', async () => {
    for (const [name, value] of Object.entries({
      OTEL_EXPORTER_OTLP_ENDPOINT: '127.0.0.1:4318-secret',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://ada:secret@host/',
      OTEL_EXPORTER_OTLP_HEADERS: 'secret',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'a=%secret',
      OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'secret',
      OTEL_EXPORTER_OTLP_TIMEOUT: 'secret',
      OTEL_RESOURCE_ATTRIBUTES: '=secret',
      OTEL_TRACES_SAMPLER: 'secret',
    })) {
      const error = await refusal({ ...HERE, [name]: value })
      expect([error.code, error.data]).toEqual(['varve.error/tracing-setting-invalid', { name }])
      expect(`${error.message} ${error.fix}`).not.toContain('secret')
    }
    const ratio = { OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.5' }
    expect((await refusal({ ...HERE, ...ratio })).data).toEqual({ name: 'OTEL_TRACES_SAMPLER_ARG' })
    expect((await refusal({}, 'localhost')).data).toEqual({ name: '--otlp' })
  })
})
