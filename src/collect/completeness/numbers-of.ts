import { isJsonObject, type JsonObject, type JsonValue } from '../../kernel/json.ts'

const AGENT = 'agent:'
const SYSLOG = 'syslog'

/**
 * Tells the numbers that an event's sender gave it: Windows record ids are of a channel on a computer, syslog's sequenceId
 * is of a host for some senders and of a program for others (each is judged by itself), agents number all they send.
 * @param tell is called with the stream's name within source and host, and the number.
 */
export function numbersOf(doc: JsonObject, source: string, tell: (stream: string, number: number) => void): void {
  const winlog = doc['winlog']
  if (isJsonObject(winlog)) {
    const number = wholeNumber(winlog['record_id'])
    const channel = winlog['channel']
    if (number !== undefined && typeof channel === 'string' && channel.length <= 128) tell(channel, number)
    return
  }
  const log = doc['log']
  if (isJsonObject(log)) {
    const syslog = log['syslog']
    if (isJsonObject(syslog)) {
      const structured = syslog['structured_data']
      if (isJsonObject(structured)) {
        const meta = structured['meta']
        const number = isJsonObject(meta) ? wholeNumber(meta['sequenceId']) : undefined
        if (number !== undefined) {
          tell(SYSLOG, number)
          const app = syslog['appname']
          if (typeof app === 'string' && app.length <= 48) tell(`${SYSLOG}:${app}`, number)
        }
        return
      }
    }
  }
  if (source.startsWith(AGENT)) {
    const event = doc['event']
    const number = isJsonObject(event) ? wholeNumber(event['sequence']) : undefined
    if (number !== undefined) tell('agent', number)
  }
}

/** Streams that are a part of another one: where that is numbered without holes, its losses are counted there. */
export function wholeOf(stream: string): string | undefined {
  return stream.startsWith(`${SYSLOG}:`) ? SYSLOG : undefined
}

function wholeNumber(value: JsonValue | undefined): number | undefined {
  const number = typeof value === 'string' && value !== '' && value.length <= 15 ? Number(value) : value
  return typeof number === 'number' && number > 0 && Number.isSafeInteger(number) ? number : undefined
}
