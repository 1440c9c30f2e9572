import { messageOf } from '../../../../kernel/error.ts'
import { isJsonObject, type JsonObject, type JsonValue } from '../../../../kernel/json.ts'
import type { MetricPoint, PointsTaken } from '../../../../kernel/metric-point.ts'
import { allBytesOf, bytesOf, encodeFields, type Field, fieldsOf, numberOf } from '../../../protobuf.ts'
import type { IngestReply } from '../body.ts'
import { attributesOf as jsonAttributes, text as jsonText, listOf, objectOf } from './json.ts'
import { attributesOf, double, NONE, text } from './protobuf.ts'

/** What a request of metrics holds. */
export interface ReadMetrics {
  readonly points: readonly MetricPoint[]
  /** Points that are no single number (histograms, summaries), or say that they hold none. */
  readonly others: number
  readonly protobuf: boolean
}

/** Bit of `flags`: there is no value here. */
const NO_RECORDED_VALUE = 1
const FIRST_OF_JSON = /^\s*\{\s*["}]/
const LINE_FEED = 0x0a

/**
 * The numbers of an `ExportMetricsServiceRequest` in either encoding (opentelemetry-proto 1.x, metrics/v1/metrics.proto): data
 * points of gauges and sums. A text says why there are none.
 */
export function readMetrics(body: Uint8Array): ReadMetrics | string {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  // In protobuf a request begins with 0x0a, which may stand before JSON as well.
  const looksJson = FIRST_OF_JSON.test(bytes.toString('latin1', 0, 64))
  if (!looksJson || bytes[0] === LINE_FEED) {
    try {
      return { ...fromProtobuf(bytes), protobuf: true }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      if (!looksJson) return `not an ExportMetricsServiceRequest: ${messageOf(error)}`
    }
  }
  try {
    const request = JSON.parse(bytes.toString('utf8')) as JsonValue
    if (!isJsonObject(request)) return 'not a JSON object'
    const list = request['resourceMetrics']
    if (list !== undefined && !Array.isArray(list)) return 'not an ExportMetricsServiceRequest: it has no resourceMetrics'
    return { ...fromJson(listOf(list)), protobuf: false }
  } catch (error) {
    return `not JSON: ${messageOf(error)}`
  }
}

/** OTLP's answer, in the request's encoding; a partial success with no rejected point is a warning. */
export function metricsReply({ rejected, message }: PointsTaken, protobuf: boolean): IngestReply {
  const partial = { rejectedDataPoints: String(rejected), errorMessage: message ?? '' }
  if (!protobuf) {
    const body = message === undefined ? {} : { partialSuccess: partial }
    return { status: 200, body: Buffer.from(JSON.stringify(body)) }
  }
  const fields = [...(rejected === 0 ? [] : [[1, rejected] as const]), [2, message ?? ''] as const]
  return {
    status: 200,
    type: 'application/x-protobuf',
    body: message === undefined ? encodeFields([]) : encodeFields([[1, encodeFields(fields)]]),
  }
}

type Numbers = Omit<ReadMetrics, 'protobuf'>

/** Field numbers of `Metric` whose points are numbers, and those whose points are something else. */
const GAUGE = 5
const SUM = 7
const OTHERS = [9, 10, 11] as const

function fromProtobuf(message: Buffer): Numbers {
  const points: MetricPoint[] = []
  let others = 0
  for (const resourceMetrics of allBytesOf(fieldsOf(message), 1)) {
    const ofResource = fieldsOf(resourceMetrics)
    const resource = attributesOf(fieldsOf(bytesOf(ofResource, 1) ?? NONE), 1, 0)
    for (const scopeMetrics of allBytesOf(ofResource, 2))
      for (const one of allBytesOf(fieldsOf(scopeMetrics), 2)) {
        const metric = fieldsOf(one)
        const named = { metric: text(bytesOf(metric, 1)), unit: text(bytesOf(metric, 3)) }
        for (const kind of OTHERS) for (const data of allBytesOf(metric, kind)) others += allBytesOf(fieldsOf(data), 1).length
        for (const kind of [GAUGE, SUM])
          for (const data of allBytesOf(metric, kind))
            for (const bytes of allBytesOf(fieldsOf(data), 1)) {
              const point = fieldsOf(bytes)
              const value = figureOf(point)
              if (value === undefined) others += 1
              else
                points.push({
                  ...named,
                  value,
                  at: milliseconds(numberOf(point, 3) ?? 0n),
                  attributes: texts({ ...resource, ...attributesOf(point, 7, 0) }),
                })
            }
      }
  }
  return { points, others }
}

function figureOf(point: readonly Field[]): number | undefined {
  if (((numberOf(point, 8) ?? 0n) & 1n) !== 0n) return undefined
  const [real, whole] = [numberOf(point, 4), numberOf(point, 6)]
  const value = real === undefined ? (whole === undefined ? undefined : Number(BigInt.asIntN(64, whole))) : double(real)
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function fromJson(list: readonly JsonValue[]): Numbers {
  const points: MetricPoint[] = []
  let others = 0
  for (const one of list) {
    const ofResource = objectOf(one)
    const resource = jsonAttributes(objectOf(ofResource['resource'])['attributes'])
    for (const scopeMetrics of listOf(ofResource['scopeMetrics']))
      for (const each of listOf(objectOf(scopeMetrics)['metrics'])) {
        const metric = objectOf(each)
        const named = { metric: jsonText(metric['name']), unit: jsonText(metric['unit']) }
        for (const kind of ['histogram', 'exponentialHistogram', 'summary'])
          others += listOf(objectOf(metric[kind])['dataPoints']).length
        for (const kind of ['gauge', 'sum'])
          for (const data of listOf(objectOf(metric[kind])['dataPoints'])) {
            const point = objectOf(data)
            const value = jsonValue(point)
            if (value === undefined) others += 1
            else
              points.push({
                ...named,
                value,
                at: milliseconds(integer(point['timeUnixNano'])),
                attributes: texts({ ...resource, ...jsonAttributes(point['attributes']) }),
              })
          }
      }
  }
  return { points, others }
}

/** Integers of 64 bits are text in JSON, and some senders write them as numbers. */
function jsonValue({ flags, asDouble, asInt }: JsonObject): number | undefined {
  if (typeof flags === 'number' && (flags & NO_RECORDED_VALUE) !== 0) return undefined
  const given = asDouble ?? asInt
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : given
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

function integer(value: JsonValue | undefined): bigint {
  if (typeof value === 'string') return /^\d{1,20}$/.test(value) ? BigInt(value) : 0n
  return typeof value === 'number' && Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n
}

function milliseconds(nanoseconds: bigint): number | null {
  return nanoseconds <= 0n ? null : Number(nanoseconds / 1_000_000n)
}

function texts(attributes: JsonObject): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  )
}
