import { z } from 'zod'
import type { Config } from '../../platform/config.ts'
import { redact } from '../../platform/log.ts'

const SOURCES = ['flag', 'environment', 'file', 'default'] as const

export const configReply = z.object({
  file: z.string(),
  settings: z.array(
    z.object({
      key: z.string(),
      /** As it holds; a URL's password is masked. */
      value: z.json(),
      from: z.enum(SOURCES),
      fallback: z.json(),
      meaning: z.object({ en: z.string(), ja: z.string() }),
      /** The variable and the flag that set it. */
      variable: z.string(),
      flag: z.string(),
    }),
  ),
})

export type ConfigReply = z.infer<typeof configReply>

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
      flag: `--${key}`,
    })),
  }
}

function masked(value: unknown): z.infer<ReturnType<typeof z.json>> {
  if (typeof value === 'string') return redact(value)
  if (Array.isArray(value)) return value.map(masked)
  return typeof value === 'number' || typeof value === 'boolean' || value === null ? value : String(value)
}
