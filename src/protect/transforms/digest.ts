import { hash } from 'node:crypto'
import type { Transform } from './transform.ts'

function digest(algorithm: 'md5' | 'sha1', value: string): string {
  return hash(algorithm, Buffer.from(value, 'latin1'), 'buffer').toString('latin1')
}

/** The raw digest; follow with `hexEncode` to read it. */
export const md5: Transform = (value) => digest('md5', value)

export const sha1: Transform = (value) => digest('sha1', value)
