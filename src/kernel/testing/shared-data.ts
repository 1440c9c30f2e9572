import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../../../../shared/', import.meta.url))

/**
 * Path of a file or folder of the shared cases that stand beside a checkout, or undefined where they are absent.
 * Tests skip on undefined and say so; with `CI=true` absence is an error, so that a green run cannot hide it.
 */
export function sharedData(path: string): string | undefined {
  const full = `${folder}data/${path}`
  if (existsSync(full)) return full
  if (process.env['CI'] === 'true') throw new Error(`../shared/data/${path} is absent, and CI=true asks for it`)
  return undefined
}
