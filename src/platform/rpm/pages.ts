import { fstatSync, readSync } from 'node:fs'
import { KanpekiError } from '../../kernel/error.ts'

/** A header as rpm bounds it: 65,535 entries of 16 bytes and 256 MB of data. */
export const MOST_HEADER_BYTES = 8 + 16 * 65_535 + 256 * 2 ** 20

/** One entry of a database: the number that rpm gave a package, and its header. */
export interface RpmEntry {
  readonly number: number
  /** Why it could not be had, where it is none. */
  readonly header: Uint8Array | string
}

export const brokenDatabase = (why: string): KanpekiError => new KanpekiError('rpm_database', `It is damaged: ${why}.`)

/** Reads a part of a file. @throws KanpekiError `rpm_database` where the file ends before. */
export function readPart(file: number, at: number, length: number): Buffer {
  const bytes = Buffer.alloc(length)
  let got = 0
  while (got < length) {
    const more = readSync(file, bytes, got, length - got, at + got)
    if (more === 0) throw brokenDatabase(`it ends before byte ${at + length}`)
    got += more
  }
  return bytes
}

export function sizeOf(file: number): number {
  return fstatSync(file).size
}
