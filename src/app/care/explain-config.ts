import type { z } from 'zod'
import { type Config, FLAG_SETTINGS } from '../../platform/config.ts'
import { redact } from '../../platform/log.ts'
import type { ConfigReply } from './schema.ts'

const flags: readonly string[] = FLAG_SETTINGS

/** Every setting with its value, where that came from, its default and what it means. No secret among them. */
export function explainConfig(config: Config, file: string): ConfigReply {
  return {
    file,
    settings: config.explained.map(({ key, value, from, fallback, meaning }) => ({
      key,
      value: masked(value),
      from,
      fallback: masked(fallback),
      meaning,
      variable: `KANPEKI_${key.toUpperCase().replaceAll('-', '_')}`,
      flag: flags.includes(key) ? `--${key}` : null,
    })),
  }
}

function masked(value: unknown): z.infer<ReturnType<typeof z.json>> {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map(masked)
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : String(value)
}
