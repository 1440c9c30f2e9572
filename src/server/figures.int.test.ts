import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OTLPMetricExporter as JsonExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPMetricExporter as ProtobufExporter } from '@opentelemetry/exporter-metrics-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import { MeterProvider, PeriodicExportingMetricReader, type PushMetricExporter } from '@opentelemetry/sdk-metrics'
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Grant } from '../access/schema.ts'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { declareCommand } from '../cli/declare.ts'
import { readCard } from '../declare/load.ts'
import { readConfig } from '../platform/config.ts'
import { createLog } from '../platform/log.ts'
import { type Kanpeki, serve } from './serve.ts'

/** Cards from the command line, and figures for them from the real OpenTelemetry SDK, against the real server. */
describe('a card that rests on figures from outside', () => {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-figures-'))
  let kanpeki: Kanpeki
  let out = ''
  beforeAll(async () => {
    const config = readConfig(join(folder, 'data'), { port: '0', 'compat-port': '0' }, {})
    kanpeki = await serve(config, createLog({ write: () => {}, pretty: false, now: Date.now }), { cards: [] })
  }, 60_000)
  beforeEach(() => {
    out = ''
    vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      out += String(text)
      return true
    })
  })
  afterAll(async () => {
    vi.restoreAllMocks()
    await kanpeki.stop()
    rmSync(folder, { recursive: true })
  })

  const token = async (grant: Grant): Promise<string> => {
    const db = kanpeki.services.state.tables<AccessTables>()
    return (await createToken(db, { scope: 'default', name: `${grant} of a test`, grant, owner: null }, Date.now())).token
  }
  const server = async (grant: Grant) => ['--url', kanpeki.url, '--token', await token(grant)]
  const api = async (method: string, path: string, body?: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${await token('admin')}`, 'content-type': 'application/json' }
    const reply = await fetch(`${kanpeki.url}${path}`, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    expect(reply.status, await reply.clone().text()).toBe(200)
    return reply.json()
  }
  const file = (name: string, text: string): string => {
    const path = join(folder, name)
    writeFileSync(path, text)
    return path
  }

  it('is applied, refused by line, applied again without effect, and shown as it stands', async () => {
    const good = file('recovery.yml', card(14_400))
    const bad = file('bad.yml', card(14_400).replace('external.seconds', 'external.hours'))
    const admin = await server('admin')
    expect(await declareCommand(['apply', '--dry-run', ...admin, good])).toBe(0)
    expect(out).toContain('recovery 2026.11.22: would be proposed, 1 signature needed')
    expect(await declareCommand(['apply', ...admin, good, bad])).toBe(1)
    expect(out).toContain('recovery 2026.11.22: proposed')
    expect(out).toMatch(/bad\.yml: .*There is no measure external\.hours/)
    out = ''
    expect(await declareCommand(['apply', ...admin, good])).toBe(0)
    expect(out).toContain('known already')
    // Not so much is promised any more: made by a token that stands for nobody, it needs two people.
    expect(await declareCommand(['apply', '--json', ...admin, file('weaker.yml', card(90_000))])).toBe(0)
    expect(JSON.parse(out.trim().split('\n').at(-1)!)).toMatchObject({ ok: true, stored: true, weakened: 1, required: 2 })
    out = ''
    expect(await declareCommand(['show', 'recovery', ...(await server('read'))])).toBe(0)
    const again = readCard(out, 'shown.yml', new Map([['external.seconds', { unit: 'seconds' }]]))
    if ('problems' in again) throw new Error(out)
    expect(again.card.objectives[0]?.target).toBe(14_400)
    expect(out).toMatch(/^# yaml-language-server: \$schema=http.*\/api\/v1\/schemas\/card\.json\n/)
    expect(await declareCommand(['apply', ...(await server('read')), good])).toBe(1)
    expect(await declareCommand(['apply', ...admin, join(folder, 'absent.yml')])).toBe(2)
  })

  it.each([
    ['JSON', JsonExporter],
    ['protobuf', ProtobufExporter],
  ])('takes OpenTelemetry metrics in %s as its evidence', async (encoding, Exporter) => {
    const id = `rto-${encoding.toLowerCase()}`
    const pull = { kind: 'otlp', metric: 'backup.restore.duration', attributes: { 'service.name': id } }
    await api('PUT', `/api/v1/series/${id}`, { unit: 'seconds', title: { en: 'RTO', ja: '復旧時間' }, pull })
    const headers = { authorization: `Bearer ${await token('samples')}` }
    await exporting(new Exporter({ url: `${kanpeki.compatUrl}/v1/metrics`, headers }), id, (meter) => {
      // In milliseconds, as the SDK's users often have it.
      meter.createGauge('backup.restore.duration', { unit: 'ms' }).record(8_100_000)
      meter.createCounter('backup.runs').add(3)
      meter.createHistogram('backup.sizes').record(12)
    })
    const { items } = (await api('GET', '/api/v1/series')) as {
      items: { id: string; newest: { value: number } | null; fault: unknown }[]
    }
    expect(items.find((one) => one.id === id)).toMatchObject({ newest: { value: 8100 }, fault: null })
  })

  it('says what no series waits for, what fits no unit, and which token may send', async () => {
    const send = async (grant: Grant, body: object) => {
      const headers = { authorization: `Bearer ${await token(grant)}`, 'content-type': 'application/json' }
      return fetch(`${kanpeki.compatUrl}/v1/metrics`, { method: 'POST', headers, body: JSON.stringify(body) })
    }
    const metrics = (unit: string, names: readonly string[]) => ({
      resourceMetrics: names.map((name) => ({
        resource: { attributes: [{ key: 'service.name', value: { stringValue: name } }] },
        scopeMetrics: [{ metrics: [{ name: 'backup.restore.duration', unit, gauge: { dataPoints: [{ asDouble: 5 }] } }] }],
      })),
    })
    expect((await send('ingest', metrics('s', ['rto-json']))).status).toBe(403)
    expect((await send('samples', { resourceMetrics: 3 })).status).toBe(400)
    expect(await (await send('samples', metrics('s', ['unheard-of']))).json()).toEqual({
      partialSuccess: { rejectedDataPoints: '0', errorMessage: 'No series waits for 1 data point: backup.restore.duration.' },
    })
    expect(await (await send('samples', metrics('By', ['rto-json']))).json()).toMatchObject({
      partialSuccess: {
        rejectedDataPoints: '1',
        errorMessage: expect.stringContaining('is in By, and the series is in seconds'),
      },
    })
    const pull = { kind: 'otlp', metric: 'backup.restore.duration' }
    await api('PUT', '/api/v1/series/any', { unit: 'seconds', title: { en: 'Any', ja: 'いずれか' }, pull })
    const both = (await (await send('samples', metrics('s', ['rto-json', 'rto-protobuf']))).json()) as {
      partialSuccess: { errorMessage: string }
    }
    expect(both.partialSuccess.errorMessage).toContain(
      'any: The figure could not be had: backup.restore.duration comes from 2 places',
    )
    const { items } = (await api('GET', '/api/v1/series')) as { items: { id: string; fault: { reason: string } | null }[] }
    expect(items.find((one) => one.id === 'any')?.fault?.reason).toContain('2 places')
  })
})

type Meter = ReturnType<MeterProvider['getMeter']>

async function exporting(exporter: PushMetricExporter, service: string, record: (meter: Meter) => void): Promise<void> {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
  const provider = new MeterProvider({ resource: resourceFromAttributes({ 'service.name': service }), readers: [reader] })
  record(provider.getMeter('test'))
  await provider.forceFlush()
  await provider.shutdown()
}

function card(target: number): string {
  return `id: recovery
version: 2026.11.${target === 14_400 ? 22 : 23}
name: { en: Recovery, ja: 復旧 }
owner: sato
approvers: ["@admin"]
scope: { description: { en: Orders, ja: 受注 } }
threats: { in: [{ en: Ransomware, ja: ランサムウェア }] }
objectives:
  - { id: rto, title: { en: RTO, ja: RTO }, measure: external.seconds, params: { series: rto-json }, comparator: "<=", target: ${target}, window: P92D, maxEvidenceAge: P92D }
period: P7D
validity: { from: 2026-11-01, until: 2099-01-01 }
nextReview: 2099-01-01
withdrawal: [{ on: unmet, periods: 2 }]
`
}
