import type { Transform } from './transform.ts'

export const removeNulls: Transform = (value) => (value.includes('\0') ? value.replaceAll('\0', '') : value)

export const replaceNulls: Transform = (value) => (value.includes('\0') ? value.replaceAll('\0', ' ') : value)
