import { KanpekiError } from '../../../kernel/error.ts'
import type { RawRecord } from '../../../kernel/event.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import { tooLong, unreadable } from '../../record.ts'
import { headText } from '../../text.ts'
import { type BodyLimits, bodyIdentity, type IngestBody, type SplitBody } from './body.ts'

/** What is kept of a body that cannot be read at all, bytes. */
const KEPT_OF_BROKEN = 8192

/** Gathers the records of one body: their ids, their bounds, and the first trouble. */
export class RecordCollector {
  private readonly input: IngestBody
  private readonly limits: BodyLimits
  private readonly identity: string
  private readonly records: RawRecord[] = []
  private trouble: SplitBody['trouble']

  constructor(input: IngestBody, limits: BodyLimits) {
    this.input = input
    this.limits = limits
    this.identity = bodyIdentity(input)
  }

  get origin(): string {
    return this.input.origin
  }

  get count(): number {
    return this.records.length
  }

  /** @param id the sender's own identity of the event, if it has one. */
  document(json: JsonObject, id?: string): void {
    const size = textSize(json, this.limits.maxLineBytes)
    const own = id ?? this.nextId()
    if (size > this.limits.maxLineBytes) {
      const bytes = Buffer.from(JSON.stringify(json))
      this.broken(tooLong(own, bytes, bytes.length, this.limits.maxLineBytes, this.input.origin))
    } else this.push({ id: own, json, origin: this.input.origin })
  }

  /** A piece that is not readable, with what there is of it. */
  unreadable(bytes: Buffer, reason: string): void {
    this.broken(unreadable(this.nextId(), headText(bytes, KEPT_OF_BROKEN), reason, this.input.origin))
  }

  /** A record that `record.ts` made, readable or not. */
  add(record: RawRecord): void {
    if (record.unreadable === undefined) this.push(record)
    else this.broken(record)
  }

  /** @throws KanpekiError `too_many_records`: nothing of such a body is stored. */
  nextId(): string {
    return `${this.identity}-${this.records.length}`
  }

  split(more: Partial<Pick<SplitBody, 'gaps' | 'request' | 'protobuf' | 'whole'>> = {}): SplitBody {
    const { records, trouble } = this
    return {
      format: this.input.format,
      records,
      items: [],
      refused: 0,
      ...(trouble === undefined ? {} : { trouble }),
      ...more,
    }
  }

  private broken(record: RawRecord): void {
    this.trouble ??= { at: this.records.length, reason: record.unreadable ?? '' }
    this.push(record)
  }

  private push(record: RawRecord): void {
    if (this.records.length >= this.limits.maxRecords)
      throw new KanpekiError('too_many_records', `The request holds more than ${this.limits.maxRecords} events.`, {
        remedy: 'Send it in smaller requests; nothing of this one was stored.',
      })
    this.records.push(record)
  }
}

/** Characters of an event's texts and names, counted until they are more than `enough`. */
function textSize(value: unknown, enough: number): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let size = 2
  for (const [name, member] of Object.entries(value)) {
    size += name.length + textSize(member, enough - size)
    if (size > enough) return size
  }
  return size
}
