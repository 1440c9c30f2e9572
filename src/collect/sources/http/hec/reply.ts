import type { IngestReply, SplitBody } from '../body.ts'

/** Splunk's codes (docs.splunk.com, "HTTP Event Collector possible error codes"). */
const NO_DATA = { text: 'No data', code: 5 }
const BAD_FORMAT = { text: 'Invalid data format', code: 6 }
const NO_EVENT = { text: 'Event field is required', code: 12 }
const BLANK_EVENT = { text: 'Event field cannot be blank', code: 13 }
export const SUCCESS = { text: 'Success', code: 0 }

export function hecReply({ records, trouble }: SplitBody): IngestReply {
  if (trouble !== undefined) {
    const said = [NO_EVENT, BLANK_EVENT].find(({ text }) => text === trouble.reason) ?? BAD_FORMAT
    return json(400, { ...said, 'invalid-event-number': trouble.at })
  }
  return records.length === 0 ? json(400, NO_DATA) : json(200, SUCCESS)
}

function json(status: number, body: object): IngestReply {
  return { status, body: Buffer.from(JSON.stringify(body)) }
}
