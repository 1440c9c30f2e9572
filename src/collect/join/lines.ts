import type { RawRecord } from '../../kernel/event.ts'
import { type AuditLine, auditLine } from './audit.ts'
import { type Continuation, continuationOf } from './continuation.ts'
import { headerAfter } from './header.ts'

/** What is remembered of a stream of lines (a file, a request) between two calls. */
export interface LineMemory {
  /** The directives that say what the fields of the lines after them are (IIS, Zeek). */
  header?: string
}

export interface JoinedLines {
  readonly records: readonly RawRecord[]
  /** How many of the lines these records are made of: those after them wait for what comes next. */
  readonly taken: number
}

/** Lines that are held back at most; then what is there leaves as it is. */
const MAX_HELD = 4_096
/** Lines of one record at most. */
const MAX_LINES = 1_000
/** Audit events that are open at once at most; the kernel interleaves a few. */
const MAX_OPEN = 32
/** The kernel writes the records of an event together: two seconds later nothing more comes. */
const AUDIT_WAIT_MS = 2_000

interface Group {
  readonly first: RawRecord
  readonly header: string | undefined
  lines: string[] | undefined
}

/**
 * Joins lines that mean something only together into one record, with the id of the first: records of the Linux audit
 * system by serial, PostgreSQL's and MySQL's statements of several lines. Lines under a header (IIS, Zeek) get it as
 * `header`. All other lines stay what they are.
 *
 * Records leave only at places where no group is open, so that a position after `taken` lines is one where nothing is
 * torn: a stream read again from there is joined in the same way.
 *
 * @param final true where nothing more will come soon: all leaves.
 */
export function joinLines(lines: readonly RawRecord[], memory: LineMemory, final: boolean): JoinedLines {
  const joiner = new Joiner(memory.header, 'lines')
  for (const [index, line] of lines.entries()) joiner.push(line, index)
  if (final || joiner.onlyEnded()) joiner.release(lines.length)
  // Lines that are held back will be read again, and their directives with them.
  if (joiner.releasedHeader !== undefined) memory.header = joiner.releasedHeader
  return { records: joiner.out, taken: joiner.taken }
}

/**
 * Joins what syslog brings one message at a time: records of one audit event from one sender. A message is never the header or the
 * continuation of another's.
 */
export function joinMessages(messages: readonly RawRecord[]): readonly RawRecord[] {
  const joiner = new Joiner(undefined, 'messages')
  for (const [index, message] of messages.entries()) joiner.push(message, index)
  joiner.release(messages.length)
  return joiner.out
}

class Joiner {
  readonly out: RawRecord[] = []
  taken = 0
  releasedHeader: string | undefined
  private header: string | undefined
  private groups: Group[] = []
  /** Open audit events by their key, oldest first. */
  private readonly audits = new Map<string, { readonly group: Group; readonly at: number; ends: boolean }>()
  /** A record that the next line may go on with. */
  private going: { readonly group: Group; readonly how: Continuation } | undefined

  private readonly kind: 'lines' | 'messages'

  constructor(header: string | undefined, kind: 'lines' | 'messages') {
    this.header = header
    this.releasedHeader = header
    this.kind = kind
  }

  push(record: RawRecord, index: number): void {
    const text = record.unreadable === undefined ? record.text : undefined
    const audit = text === undefined ? undefined : this.auditOf(text, record.origin)
    if (audit === undefined ? this.goOn(text) : this.addAudit(audit, text!)) {
      if (this.audits.size === 0 && this.going === undefined) this.release(index + 1)
      return
    }
    if (this.audits.size === 0 && this.groups.length > 0) this.release(index)
    if (this.kind === 'lines') this.header = headerAfter(this.header, record)
    const group: Group = { first: record, header: audit === undefined ? this.header : undefined, lines: undefined }
    this.groups.push(group)
    if (audit !== undefined) {
      if (!audit.alone) this.audits.set(audit.key, { group, at: audit.at, ends: audit.ends })
    } else if (text !== undefined && this.kind === 'lines') {
      const how = continuationOf(text)
      if (how !== undefined) this.going = { group, how }
    }
    if ((this.audits.size === 0 && this.going === undefined) || index + 1 - this.taken >= MAX_HELD) this.release(index + 1)
  }

  /** No group is open but those whose end only another line (EOE after PROCTITLE) could move. */
  onlyEnded(): boolean {
    return this.going === undefined && [...this.audits.values()].every(({ ends }) => ends)
  }

  release(upTo: number): void {
    for (const group of this.groups) this.out.push(recordOf(group))
    this.groups = []
    this.audits.clear()
    this.going = undefined
    this.taken = upTo
    this.releasedHeader = this.header
  }

  /** Files are renamed, so that only messages are told apart by where they come from. */
  private auditOf(text: string, origin: string | undefined): AuditLine | undefined {
    const audit = auditLine(text)
    return audit === undefined || this.kind === 'lines' ? audit : { ...audit, key: `${origin} ${audit.key}` }
  }

  /** Whether the line is part of the record before it. */
  private goOn(text: string | undefined): boolean {
    // An audit event whose last line was seen is over with any other line of its file.
    if (this.kind === 'lines') for (const [key, { ends }] of this.audits) if (ends) this.audits.delete(key)
    const { going } = this
    if (going === undefined) return false
    const taken = text === undefined ? undefined : going.how.take(text)
    if (taken?.belongs !== true) {
      this.going = undefined
      return false
    }
    append(going.group, text!)
    if (taken.ended || going.group.lines!.length >= MAX_LINES) this.going = undefined
    return true
  }

  private addAudit(audit: AuditLine, text: string): boolean {
    this.going = undefined
    const open = this.audits.get(audit.key)
    for (const [key, { at, ends }] of this.audits) {
      if (key !== audit.key && (ends || audit.at - at >= AUDIT_WAIT_MS || this.audits.size > MAX_OPEN)) this.audits.delete(key)
    }
    if (open === undefined) return false
    append(open.group, text)
    open.ends ||= audit.ends
    if (audit.type === 'EOE' || open.group.lines!.length >= MAX_LINES) this.audits.delete(audit.key)
    return true
  }
}

function append(group: Group, text: string): void {
  group.lines ??= [group.first.text!]
  group.lines.push(text)
}

function recordOf({ first, header, lines }: Group): RawRecord {
  const text = lines === undefined ? {} : { text: lines.join('\n') }
  const under = header === undefined || first.text?.charCodeAt(0) === 35 ? {} : { header }
  return lines === undefined && under.header === undefined ? first : { ...first, ...text, ...under }
}
