import { type Draft, fillMissing } from '../../normalise/draft.ts'
import { iisDocument } from '../../normalise/iis-request.ts'
import { type EventClass, eventClass } from './class.ts'
import type { EventData } from './record.ts'

/** IIS's log fields under the names that its trace provider gives them. */
const NAMES: Readonly<Record<string, string>> = {
  'csUser-Agent': 'cs(User-Agent)',
  csCookie: 'cs(Cookie)',
  csReferer: 'cs(Referer)',
}

/** 6200: a request, logged by event instead of to a file. */
function request(doc: Draft, data: EventData): void {
  const fields: Record<string, string> = {}
  for (const name in data) fields[NAMES[name] ?? name] = data[name]!
  const { message: _message, event, host: _host, iis: _iis, ...made } = iisDocument(fields, '')
  const { outcome, duration } = event as Draft
  fillMissing(doc, made, 2)
  const own = doc['event'] as Draft
  if (outcome !== undefined) own['outcome'] = outcome
  if (duration !== undefined) own['duration'] = duration
}

export const iisClasses: ReadonlyMap<number, EventClass> = new Map([[6200, eventClass('web-request', 'web:access', request)]])
