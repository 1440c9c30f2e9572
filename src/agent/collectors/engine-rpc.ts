import { connect as connectHttp2, constants } from 'node:http2'
import { connect } from 'node:net'

// As much of gRPC and of Protocol Buffers as it takes to ask an engine what runs: one question, one answer, on a socket of this host.

/** A message: its fields by number, as they came. */
export type Message = ReadonlyMap<number, readonly (Buffer | bigint)[]>

/** Protocol Buffers, "Encoding". @throws RangeError for what is none. */
export function readMessage(bytes: Buffer): Message {
  const fields = new Map<number, (Buffer | bigint)[]>()
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes.readUInt8(at++)
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    throw new RangeError('a number has no end')
  }
  const take = (length: number): Buffer => {
    if (at + length > bytes.length) throw new RangeError('a field lies outside')
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const key = Number(varint())
    const kind = key & 7
    const value = kind === 0 ? varint() : kind === 2 ? take(Number(varint())) : take(kind === 1 ? 8 : kind === 5 ? 4 : Number.NaN)
    const known = fields.get(key >>> 3)
    if (known === undefined) fields.set(key >>> 3, [value])
    else known.push(value)
  }
  return fields
}

export const textOf = (message: Message | undefined, field: number): string | undefined => {
  const value = message?.get(field)?.at(-1)
  return Buffer.isBuffer(value) && value.length > 0 ? value.toString('utf8').slice(0, 512) : undefined
}

export const messagesOf = (message: Message | undefined, field: number): readonly Message[] =>
  (message?.get(field) ?? []).flatMap((value) => (Buffer.isBuffer(value) ? [readMessage(value)] : []))

/** A map field: entries with key 1 and value 2. */
export const mapOf = (message: Message, field: number): ReadonlyMap<string, string> =>
  new Map(messagesOf(message, field).map((entry) => [textOf(entry, 1) ?? '', textOf(entry, 2) ?? ''] as const))

const MOST_ANSWER = 32 * 2 ** 20
const PATIENCE_MS = 5_000

/** Asks one method with a message. Undefined where nothing answers there, or no such method is known. */
export function askRpc(
  socketPath: string,
  method: string,
  message: Buffer = Buffer.alloc(0),
  headers: Readonly<Record<string, string>> = {},
): Promise<Message | undefined> {
  return new Promise((resolve) => {
    const session = connectHttp2('http://localhost', { createConnection: () => connect(socketPath) })
    const end = (answer: Message | undefined): void => {
      resolve(answer)
      session.destroy()
    }
    session.on('error', () => end(undefined))
    session.setTimeout(PATIENCE_MS, () => end(undefined))
    const stream = session.request({
      [constants.HTTP2_HEADER_METHOD]: 'POST',
      [constants.HTTP2_HEADER_PATH]: method,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    })
    const parts: Buffer[] = []
    let size = 0
    stream.on('data', (part: Buffer) => {
      size += part.length
      if (size > MOST_ANSWER) end(undefined)
      else parts.push(part)
    })
    stream.on('error', () => end(undefined))
    stream.on('end', () => {
      const answer = Buffer.concat(parts)
      // One byte says that nothing is packed, four how long the message is.
      if (answer.length < 5 || answer[0] !== 0) return end(undefined)
      try {
        end(readMessage(answer.subarray(5, 5 + answer.readUInt32BE(1))))
      } catch {
        end(undefined)
      }
    })
    const head = Buffer.alloc(5)
    head.writeUInt32BE(message.length, 1)
    stream.end(Buffer.concat([head, message]))
  })
}
