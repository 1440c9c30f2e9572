import type { JsonValue } from '../../kernel/json.ts'

const SMALLEST = 4096
/** UTF-8 takes at most three bytes for each UTF-16 unit. */
const MOST_BYTES_A_UNIT = 3
/** Below this a loop beats a call into the runtime. */
const SHORT = 40
/** A length is written before the text is: in so many bytes, seven bits in each, the high bit set in all but the last. */
const LENGTH_BYTES = 4
const LONGEST = 2 ** (7 * LENGTH_BYTES)

/** The values of one column in ClickHouse's Native format, written one after the other into room that is kept. */
export class ColumnRoom {
  readonly #kind: 'plain' | 'nullable' | 'list'
  readonly #newRoom: NewRoom
  #room: Buffer
  #used = 0
  /** Null flags, or the ends of the lists. */
  #marks: Buffer = Buffer.alloc(0)
  #marked = 0
  #items = 0

  /** @param newRoom where the values are written. */
  constructor(type: string, newRoom: NewRoom = Buffer.allocUnsafeSlow) {
    this.#kind = type.startsWith('Nullable') ? 'nullable' : type.startsWith('Array') ? 'list' : 'plain'
    this.#newRoom = newRoom
    this.#room = newRoom(SMALLEST)
  }

  /** What stands for no value: the empty text, null, or the empty list. */
  empty(): void {
    if (this.#kind === 'list') this.#endList()
    else if (this.#kind === 'nullable') {
      this.#mark(1)
      this.#reserve(4)
      this.#used = this.#room.writeUInt32LE(0, this.#used)
    } else {
      this.#reserve(1)
      this.#room[this.#used++] = 0
    }
  }

  text(text: string): void {
    const { length } = text
    this.#reserve(length * MOST_BYTES_A_UNIT + LENGTH_BYTES)
    if (length >= SHORT || !this.#ascii(text)) this.#long(text)
  }

  /** As `text`, for a column in which every text is found again by `longTexts`. @returns the text's bytes, valid until `clear`. */
  longText(text: string): Uint8Array {
    this.#reserve(text.length * MOST_BYTES_A_UNIT + LENGTH_BYTES)
    const start = this.#used + LENGTH_BYTES
    this.#long(text)
    return this.#room.subarray(start, this.#used)
  }

  #long(text: string): void {
    const start = this.#used + LENGTH_BYTES
    const bytes = this.#room.write(text, start)
    if (bytes >= LONGEST) throw new RangeError(`a text of ${bytes} bytes is too long for the lake`)
    this.#room[this.#used] = (bytes & 0x7f) | 0x80
    this.#room[this.#used + 1] = ((bytes >>> 7) & 0x7f) | 0x80
    this.#room[this.#used + 2] = ((bytes >>> 14) & 0x7f) | 0x80
    this.#room[this.#used + 3] = bytes >>> 21
    this.#used = start + bytes
  }

  /** False, and nothing written, where the text is not ASCII. */
  #ascii(text: string): boolean {
    const room = this.#room
    let at = this.#used
    room[at++] = text.length
    for (let n = 0; n < text.length; n++) {
      const code = text.charCodeAt(n)
      if (code > 0x7f) return false
      room[at++] = code
    }
    this.#used = at
    return true
  }

  uint32(value: number): void {
    if (this.#kind === 'nullable') this.#mark(0)
    this.#reserve(4)
    this.#used = this.#room.writeUInt32LE(value, this.#used)
  }

  int64(value: number): void {
    this.#reserve(8)
    this.#used = this.#room.writeBigInt64LE(BigInt(value), this.#used)
  }

  list(values: readonly JsonValue[]): void {
    for (const value of values) this.text(String(value))
    this.#items += values.length
    this.#endList()
  }

  varint(value: number): void {
    this.#reserve(10)
    let rest = value
    while (rest > 0x7f) {
      this.#room[this.#used++] = (rest & 0x7f) | 0x80
      rest = Math.floor(rest / 128)
    }
    this.#room[this.#used++] = rest
  }

  bytes(): Uint8Array {
    return this.#room.subarray(0, this.#used)
  }

  parts(): readonly Uint8Array[] {
    return this.#kind === 'plain' ? [this.bytes()] : [this.#marks.subarray(0, this.#marked), this.bytes()]
  }

  clear(): void {
    this.#used = 0
    this.#marked = 0
    this.#items = 0
  }

  #endList(): void {
    this.#marks = grown(this.#marks, this.#marked, 8)
    this.#marks.writeUInt32LE(this.#items, this.#marked)
    this.#marks.writeUInt32LE(0, this.#marked + 4)
    this.#marked += 8
  }

  #mark(flag: number): void {
    this.#marks = grown(this.#marks, this.#marked, 1)
    this.#marks[this.#marked++] = flag
  }

  #reserve(bytes: number): void {
    this.#room = grown(this.#room, this.#used, bytes, this.#newRoom)
  }
}

/** The texts of a column in which all were written by `longText`, in their order. */
export function* longTexts(column: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < column.length; ) {
    const start = at + LENGTH_BYTES
    let length = 0
    for (let place = LENGTH_BYTES - 1; place >= 0; place--) length = (length << 7) | (column[at + place]! & 0x7f)
    at = start + length
    yield column.subarray(start, at)
  }
}

type NewRoom = (bytes: number) => Buffer

/** Room that other threads can read, too. */
export function sharedRoom(bytes: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(bytes))
}

function grown(room: Buffer, used: number, more: number, newRoom: NewRoom = Buffer.allocUnsafeSlow): Buffer {
  if (used + more <= room.length) return room
  const larger = newRoom(Math.max(used + more, room.length * 2, SMALLEST))
  room.copy(larger, 0, 0, used)
  return larger
}
