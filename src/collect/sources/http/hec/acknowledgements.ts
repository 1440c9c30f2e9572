import { isJsonObject, type JsonObject } from '../../../../kernel/json.ts'

const MAX_CHANNELS = 10_000

/**
 * Acknowledgement ids of the HTTP Event Collector: numbers from 0, of one token and channel. An id is given only after
 * its request is durable, so that every id that was given is true for ever; one that was not given is false. Nothing else
 * need be kept: after a restart ids begin anew, a sender that still asks for an old one hears "no" until the number is given
 * again, sends its events once more at worst, and they are known as repeated.
 */
export class Acknowledgements {
  private readonly given = new Map<string, number>()

  /** The id of a request that is durable now. */
  give(token: string, channel: string): number {
    const key = `${token}\0${channel}`
    const id = this.given.get(key) ?? 0
    // Back to the end: the channel that was used longest ago is forgotten first.
    this.given.delete(key)
    this.given.set(key, id + 1)
    if (this.given.size > MAX_CHANNELS) this.given.delete(this.given.keys().next().value!)
    return id
  }

  /** Splunk's answer to `{"acks":[0,1]}`; undefined for what is no such question. */
  answer(token: string, channel: string, question: unknown): JsonObject | undefined {
    const asked = isJsonObject(question) ? question['acks'] : undefined
    if (!Array.isArray(asked)) return undefined
    const given = this.given.get(`${token}\0${channel}`) ?? 0
    return {
      acks: Object.fromEntries(
        asked.map((id: unknown) => [String(id), Number.isInteger(id) && (id as number) >= 0 && (id as number) < given]),
      ),
    }
  }
}
