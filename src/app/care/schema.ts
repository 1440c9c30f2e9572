import { z } from 'zod'

/** Where a setting's value came from, from the one that wins to the one that yields. */
export const CONFIG_SOURCES = ['flag', 'environment', 'file', 'default'] as const

/** `GET /api/v1/config`: every setting as it holds; the password of a URL is masked. */
export const configReply = z.object({
  file: z.string(),
  settings: z.array(
    z.object({
      key: z.string(),
      value: z.json(),
      from: z.enum(CONFIG_SOURCES),
      fallback: z.json(),
      meaning: z.object({ en: z.string(), ja: z.string() }),
      /** The variable that sets it, and the flag where the command line takes one. */
      variable: z.string(),
      flag: z.string().nullable(),
    }),
  ),
})
export type ConfigReply = z.infer<typeof configReply>
export type SettingView = ConfigReply['settings'][number]
