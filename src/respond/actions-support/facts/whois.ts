import { connect } from 'node:net'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { JsonObject } from '../../../kernel/json.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import { oneLine } from '../plain-text.ts'

const TIMEOUT_MS = 10_000
const MOST_BYTES = 128 * 1024
/** IANA leads to a registry, and that to whoever it gave the block to. */
const MOST_REFERRALS = 2
const PORT = 43

/** How registries call what is asked for; the first that is there counts, whatever case it is in. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  name: ['netname', 'network name', 'domain name', 'domain'],
  range: ['inetnum', 'inet6num', 'netrange', 'cidr', 'ip network'],
  organisation: ['orgname', 'org-name', 'organisation', 'organization', 'registrant organization', 'owner', 'descr'],
  country: ['country', 'registrant country'],
  registrar: ['registrar', 'sponsoring registrar'],
  registered: ['regdate', 'created', 'creation date', 'registered on', 'registered'],
}
const ABUSE = ['orgabuseemail', 'abuse-mailbox', 'registrar abuse contact email', 'e-mail']
const NOTHING = /^%?\s*(no match|not found|no entries found|no data found|nothing found)/im

/**
 * Who registered an address or a domain, by WHOIS (RFC 3912) where a registry has no RDAP. Servers that lead on to another are followed;
 * each is checked like every outgoing call, and asked only at port 43 (the first at the port that is set up).
 * @returns undefined where nothing is registered.
 */
export async function whoisOf(
  outgoing: Pick<Outgoing, 'addressesOf'>,
  { settings }: Pick<ConnectionOf<'whois'>, 'settings'>,
  value: string,
  signal: AbortSignal,
): Promise<JsonObject | undefined> {
  let [host, port] = [settings.host, Number(settings.port)]
  const asked: string[] = []
  let text = ''
  for (let hop = 0; ; hop++) {
    text = await ask(outgoing, host, port, value, signal)
    asked.push(host)
    const next = referralIn(text)
    if (next === undefined || asked.includes(next) || hop === MOST_REFERRALS) break
    ;[host, port] = [next, PORT]
  }
  const lines = fieldsOf(text)
  if (NOTHING.test(text) && !lines.some(([name]) => FIELDS['name']!.includes(name))) return undefined
  const facts: Record<string, string | string[]> = { server: asked.at(-1)! }
  for (const [fact, names] of Object.entries(FIELDS)) {
    const found = names.map((wanted) => lines.find(([name]) => name === wanted)?.[1]).find((one) => one !== undefined)
    if (found !== undefined) facts[fact] = found
  }
  const abuse = ABUSE.flatMap((wanted) => lines.filter(([name, one]) => name === wanted && one.includes('@')))
  if (abuse.length > 0) facts['abuse'] = [...new Set(abuse.map(([, one]) => one))].slice(0, 5)
  return facts
}

/** One question is one line, and the server closes when it has said everything. */
async function ask(
  outgoing: Pick<Outgoing, 'addressesOf'>,
  host: string,
  port: number,
  value: string,
  signal: AbortSignal,
): Promise<string> {
  const [address] = await outgoing.addressesOf(host)
  const timeout = AbortSignal.timeout(TIMEOUT_MS)
  const ends = AbortSignal.any([signal, timeout])
  const socket = connect({ host: address!.address, port, signal: ends })
  try {
    socket.write(`${oneLine(value, 253)}\r\n`)
    const parts: Buffer[] = []
    let size = 0
    for await (const part of socket as AsyncIterable<Buffer>) {
      size += part.length
      if (size > MOST_BYTES) throw new KanpekiError('outgoing_too_large', `${host} says more than ${MOST_BYTES} bytes.`)
      parts.push(part)
    }
    return Buffer.concat(parts).toString('utf8')
  } catch (error) {
    signal.throwIfAborted()
    if (timeout.aborted) throw new KanpekiError('outgoing_timeout', `${host} did not answer in time.`)
    if (error instanceof KanpekiError) throw error
    throw new KanpekiError('outgoing_failed', `${host} could not be reached: ${messageOf(error)}.`, { cause: error })
  } finally {
    socket.destroy()
  }
}

/** `refer:` of IANA, `ReferralServer:` of ARIN, the registrar's own of a thin registry; only names of hosts. */
function referralIn(text: string): string | undefined {
  const found =
    /^\s*(?:refer|ReferralServer|Registrar WHOIS Server):\s*(?:r?whois:\/\/)?([a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)(?::43)?\/?\s*$/im.exec(
      text,
    )
  return found?.[1]?.toLowerCase()
}

/** `Name: value` of RIPE, ARIN and the registries of domains, and `[Name] value` of JPRS and JPNIC. */
function fieldsOf(text: string): readonly (readonly [name: string, value: string])[] {
  return text.split(/\r?\n/).flatMap((line): [string, string][] => {
    const match =
      /^\s*(?:[a-z]\. )?\[([^\]]{1,60})\]\s+(\S.*)$/i.exec(line) ?? /^\s*([A-Za-z][A-Za-z0-9 /-]{0,60}?):\s+(\S.*)$/.exec(line)
    return match === null ? [] : [[match[1]!.toLowerCase().trim(), oneLine(match[2]!, 200)]]
  })
}
