import type { Transform } from './transform.ts'

/** The number of bytes, in decimal digits. */
export const length: Transform = (value) => String(value.length)
