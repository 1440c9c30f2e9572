import { isJsonObject, type JsonObject } from '../../../kernel/json.ts'
import type { Parser } from '../../../kernel/plugin.ts'
import { keepTime, normaliseDocument } from '../../normalise/document.ts'
import type { Draft } from '../../normalise/draft.ts'
import { buildEvent, complete } from './build.ts'
import { isFlat, readFlat } from './flat.ts'
import { isNested, readNested } from './nested.ts'
import { isWinlogbeat, isWinlogbeat6, readWinlogbeat, readWinlogbeat6 } from './winlogbeat.ts'
import { asLinux, isLinux, isXmlEvent, readXmlEvent } from './xml.ts'

const NO_ID = { unknown: 'a Windows event whose event id is not a number' }

/**
 * Windows events in the shapes people have: Winlogbeat 7 and later (nested, or with dotted keys), Winlogbeat 6, the XML
 * as it is and as evtx dumpers print it in JSON, and one flat level. All become Winlogbeat's names and ECS; every data field is kept by its
 * original name in `winlog.event_data`, as text. Sysmon for Linux writes the same XML to syslog.
 */
export const windowsEvent: Parser = {
  id: 'windows-event',

  accepts(raw) {
    const { json } = raw
    if (json === undefined) return isXmlEvent(raw)
    return isFlat(json) || isWinlogbeat(json) || isNested(json) || isWinlogbeat6(json) || isDotted(json)
  },

  parse(raw, context) {
    const { json, text } = raw
    if (json === undefined) {
      if (text === undefined || !isXmlEvent(raw)) return { unknown: 'neither a Windows event in JSON nor one in XML' }
      const read = readXmlEvent(text, context)
      if (typeof read === 'string') return { unknown: read }
      const { observed, ecs } = buildEvent(read.record)
      return [{ observed, ecs: isLinux(read.record) ? asLinux(ecs as Draft, read.header) : ecs }]
    }
    if (isFlat(json)) return one(readFlat(json, context))
    if (isNested(json)) return one(readNested(json))
    if (isWinlogbeat6(json)) return one(readWinlogbeat6(json))
    if (!isWinlogbeat(json) && !isDotted(json)) return { unknown: 'not a Windows event in a shape that is known' }
    const sent = normaliseDocument(json)
    if (typeof sent === 'string') return { unknown: sent }
    if (!isJsonObject(sent['winlog']) || !isJsonObject(sent['event'] ?? {}))
      return { unknown: 'a Winlogbeat event without its fields' }
    const record = readWinlogbeat(sent, json['@timestamp'], context)
    if (record === undefined) return NO_ID
    if (record.observed === undefined) keepTime(sent, json)
    return [complete(sent, buildEvent(record), record.computer)]
  },
}

function one(record: Parameters<typeof buildEvent>[0] | undefined): ReturnType<Parser['parse']> {
  return record === undefined ? NO_ID : [buildEvent(record)]
}

function isDotted(json: JsonObject): boolean {
  return json['winlog.event_id'] !== undefined || json['winlog.channel'] !== undefined
}
