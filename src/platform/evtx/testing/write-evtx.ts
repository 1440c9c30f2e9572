import { Buffer } from 'node:buffer'
import { crc32 } from 'node:zlib'
import { CHUNK_BYTES } from '../chunk.ts'
import { FILE_HEADER_BYTES } from '../evtx-reader.ts'

/** What may stand in an element or an attribute: text, a hole for a value, or one of the rarer kinds. */
export type WrittenText =
  | string
  | { readonly hole: number; readonly optional?: true }
  | { readonly cdata: string }
  | { readonly character: number }
  | { readonly entity: string }

export interface WrittenElement {
  readonly name: string
  readonly attributes?: readonly (readonly [name: string, value: WrittenText])[]
  readonly children?: readonly (WrittenElement | WrittenText)[]
  /** The value without which the element is left out. */
  readonly dependency?: number
}

/** A record, or a BinXml value within one. A template that is the same object is written once a chunk. */
export interface WrittenInstance {
  readonly template: WrittenElement
  readonly values: readonly WrittenValue[]
}

export type WrittenValue =
  | { readonly type: number; readonly bytes: Buffer }
  | { readonly instance: WrittenInstance }
  /** An element by itself, as forwarded events carry it. */
  | { readonly element: WrittenElement }

const RECORDS_AT = 512
const text = (value: string): Buffer => Buffer.from(value, 'utf16le')

/** Writes a Windows event log with these records, a list a chunk, as Windows does: checksums right, names and templates once a chunk. */
export function writeEvtx(chunks: readonly (readonly WrittenInstance[])[], flags = 0): Buffer {
  let first = 1
  const written = chunks.map((records) => {
    const chunk = new ChunkWriter().write(records, first)
    first += records.length
    return chunk
  })
  const header = Buffer.alloc(FILE_HEADER_BYTES)
  header.write('ElfFile\0', 'latin1')
  header.writeBigUInt64LE(BigInt(chunks.length - 1), 16)
  header.writeBigUInt64LE(BigInt(first), 24)
  header.writeUInt32LE(128, 32)
  header.writeUInt16LE(1, 36)
  header.writeUInt16LE(3, 38)
  header.writeUInt16LE(FILE_HEADER_BYTES, 40)
  header.writeUInt16LE(chunks.length, 42)
  header.writeUInt32LE(flags, 120)
  header.writeUInt32LE(crc32(header.subarray(0, 120)), 124)
  return Buffer.concat([header, ...written])
}

/** Makes both checksums of a chunk right again after a change. */
export function sealChunk(chunk: Buffer): void {
  chunk.writeUInt32LE(crc32(chunk.subarray(RECORDS_AT, Math.min(CHUNK_BYTES, Math.max(RECORDS_AT, chunk.readUInt32LE(48))))), 52)
  chunk.writeUInt32LE(crc32(chunk.subarray(128, RECORDS_AT), crc32(chunk.subarray(0, 120))), 124)
}

class ChunkWriter {
  readonly #chunk = Buffer.alloc(CHUNK_BYTES)
  #at = RECORDS_AT
  readonly #names = new Map<string, number>()
  readonly #templates = new Map<WrittenElement, number>()

  write(records: readonly WrittenInstance[], firstId: number): Buffer {
    let last = this.#at
    for (const [index, record] of records.entries()) {
      last = this.#at
      this.#record(record, firstId + index)
    }
    const chunk = this.#chunk
    chunk.write('ElfChnk\0', 'latin1')
    for (const [at, id] of [
      [8, firstId],
      [16, firstId + records.length - 1],
      [24, firstId],
      [32, firstId + records.length - 1],
    ] as const)
      chunk.writeBigUInt64LE(BigInt(id), at)
    chunk.writeUInt32LE(128, 40)
    chunk.writeUInt32LE(last, 44)
    chunk.writeUInt32LE(this.#at, 48)
    sealChunk(chunk)
    return chunk
  }

  #record(record: WrittenInstance, id: number): void {
    const start = this.#at
    this.#u32(0x00002a2a)
    this.#u32(0)
    this.#at += 16
    this.#chunk.writeBigUInt64LE(BigInt(id), start + 8)
    this.#instance(record)
    this.#u8(0)
    const size = this.#at + 4 - start
    this.#u32(size)
    this.#chunk.writeUInt32LE(size, start + 4)
  }

  #instance({ template, values }: WrittenInstance): void {
    this.#bytes(Buffer.from([0x0f, 1, 1, 0, 0x0c, 1]))
    const known = this.#templates.get(template)
    this.#u32(template.name.length)
    const offset = known ?? this.#at + 4
    this.#u32(offset)
    if (known === undefined) {
      this.#templates.set(template, offset)
      this.#at += 20
      const length = this.#reserve()
      this.#bytes(Buffer.from([0x0f, 1, 1, 0]))
      this.#element(template, true)
      this.#u8(0)
      this.#patch(length)
    }
    this.#u32(values.length)
    const sizes = this.#at
    this.#at += values.length * 4
    for (const [index, value] of values.entries()) {
      const start = this.#at
      if ('bytes' in value) this.#bytes(value.bytes)
      else if ('instance' in value) this.#instance(value.instance)
      else {
        this.#bytes(Buffer.from([0x0f, 1, 1, 0]))
        this.#element(value.element, false)
        this.#u8(0)
      }
      this.#chunk.writeUInt16LE(this.#at - start, sizes + index * 4)
      this.#chunk[sizes + index * 4 + 2] = 'bytes' in value ? value.type : 0x21
    }
  }

  #element(element: WrittenElement, inTemplate: boolean): void {
    const attributes = element.attributes ?? []
    this.#u8(attributes.length > 0 ? 0x41 : 0x01)
    if (inTemplate) this.#u16(element.dependency ?? 0xffff)
    const length = this.#reserve()
    this.#name(element.name)
    if (attributes.length > 0) {
      const list = this.#reserve()
      for (const [index, [name, value]] of attributes.entries()) {
        this.#u8(index < attributes.length - 1 ? 0x46 : 0x06)
        this.#name(name)
        this.#text(value)
      }
      this.#patch(list)
    }
    if (element.children === undefined) this.#u8(0x03)
    else {
      this.#u8(0x02)
      for (const child of element.children) {
        if (typeof child === 'object' && 'name' in child) this.#element(child, inTemplate)
        else this.#text(child)
      }
      this.#u8(0x04)
    }
    this.#patch(length)
  }

  #text(value: WrittenText): void {
    if (typeof value === 'string') {
      this.#bytes(Buffer.from([0x05, 0x01]))
      this.#counted(value)
    } else if ('hole' in value) {
      this.#u8(value.optional === true ? 0x0e : 0x0d)
      this.#u16(value.hole)
      this.#u8(0)
    } else if ('cdata' in value) {
      this.#u8(0x07)
      this.#counted(value.cdata)
    } else if ('character' in value) {
      this.#u8(0x08)
      this.#u16(value.character)
    } else {
      this.#u8(0x09)
      this.#name(value.entity)
    }
  }

  #name(name: string): void {
    const known = this.#names.get(name)
    this.#u32(known ?? this.#at + 4)
    if (known !== undefined) return
    this.#names.set(name, this.#at)
    this.#at += 6
    this.#counted(name)
    this.#u16(0)
  }

  #counted(value: string): void {
    this.#u16(value.length)
    this.#bytes(text(value))
  }

  #reserve(): number {
    this.#at += 4
    return this.#at
  }

  #patch(start: number): void {
    this.#chunk.writeUInt32LE(this.#at - start, start - 4)
  }

  #bytes(bytes: Buffer): void {
    if (this.#at + bytes.length > CHUNK_BYTES) throw new RangeError('the chunk is full')
    this.#chunk.set(bytes, this.#at)
    this.#at += bytes.length
  }

  #u8(value: number): void {
    this.#at = this.#chunk.writeUInt8(value, this.#at)
  }

  #u16(value: number): void {
    this.#at = this.#chunk.writeUInt16LE(value, this.#at)
  }

  #u32(value: number): void {
    this.#at = this.#chunk.writeUInt32LE(value, this.#at)
  }
}
