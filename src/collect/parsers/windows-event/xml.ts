import type { RawRecord } from '../../../kernel/event.ts'
import { type Draft, fillMissing } from '../../normalise/draft.ts'
import { type FrameContext, frameDocument, readSyslog } from '../../normalise/syslog-frame.ts'
import { readXml } from '../../normalise/xml.ts'
import { isNested, readNested } from './nested.ts'
import type { WindowsRecord } from './record.ts'

/** Events have at most 64 kB of data; a rendered one in XML is some multiple of that. */
const MAX_TEXT = 1_048_576
/** A syslog header may stand in front. */
const HEAD = 400
const BEGIN = /<Event(?: xmlns=['"]http:\/\/schemas\.microsoft\.com\/win\/2004\/08\/events\/event['"]>|>\s*<System>)/

/** An event as the log service renders it (`wevtutil /f:xml`, forwarded events), and as Sysmon for Linux writes it to syslog. */
export function isXmlEvent({ text }: RawRecord): boolean {
  if (text === undefined || text.length > MAX_TEXT) return false
  const at = text.indexOf('<Event')
  return at >= 0 && at < HEAD && BEGIN.test(text.slice(at, at + HEAD))
}

export interface XmlEvent {
  readonly record: WindowsRecord
  /** The document of the syslog header that carried it. */
  readonly header: Draft | undefined
}

/** A text says why it cannot be read. */
export function readXmlEvent(text: string, context: FrameContext): XmlEvent | string {
  const at = text.indexOf('<Event')
  if (at < 0) return 'no <Event> element'
  const end = text.lastIndexOf('>')
  const json = readXml(text.slice(at, end + 1))
  if (typeof json === 'string') return `an event in broken XML: ${json}`
  if (!isNested(json)) return 'an <Event> without a <System> element'
  const record = readNested(json)
  if (record === undefined) return 'a Windows event whose event id is not a number'
  const frame = at === 0 ? undefined : readSyslog(text, context)
  return { record, header: frame === undefined ? undefined : frameDocument(frame) }
}

/** Sysmon for Linux has Sysmon's events, and nothing else of Windows. */
export function isLinux(record: WindowsRecord): boolean {
  return record.provider === 'Linux-Sysmon'
}

/** Its events under names of their own: what is called winlog comes from Windows. */
export function asLinux(doc: Draft, header: Draft | undefined): Draft {
  const { winlog, ...rest } = doc
  const made: Draft = rest
  const { event_data: data, channel, record_id: recordId, event_id: id } = winlog as Draft
  made['sysmon'] = {
    ...(id === undefined ? {} : { event_id: id }),
    ...(channel === undefined ? {} : { channel }),
    ...(recordId === undefined ? {} : { record_id: recordId }),
    ...(data === undefined ? {} : { event_data: data }),
  }
  const event = made['event'] as Draft
  event['module'] = 'sysmon'
  event['dataset'] = 'sysmon.linux'
  made['host'] = { ...(made['host'] as Draft | undefined), os: { type: 'linux' } }
  if (header !== undefined) {
    const { process: _process, message: _message, ...more } = header
    fillMissing(made, more, 2)
  }
  return made
}
