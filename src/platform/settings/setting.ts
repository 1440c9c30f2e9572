import { z } from 'zod'

export interface Setting {
  readonly schema: z.ZodType
  /** As it would stand in the file. */
  readonly fallback: unknown
  readonly meaning: { readonly en: string; readonly ja: string }
}

/**
 * A number, or its digits. Nothing else is one: what JavaScript makes numbers of would take a setting that was left empty for 0
 * (any port, no limit), and `true` for 1 (keep one day).
 */
export function whole(least: number, most: number): z.ZodType<number> {
  return z
    .union(
      [
        z.number(),
        z
          .string()
          .regex(/^\s*-?\d+\s*$/)
          .transform(Number),
      ],
      'not a whole number',
    )
    .pipe(z.number().int().min(least).max(most))
}

export const port = whole(0, 65_535)
export const perMinute = whole(0, 10_000_000)
export const bytes = z
  .union([z.number().int().positive(), z.string().regex(/^\d+(\.\d+)?\s*(mb|gb|tb|m|g|t)$/i)])
  .transform((value) => {
    if (typeof value === 'number') return value
    const amount = Number.parseFloat(value)
    return Math.round(amount * 1024 ** (/t/i.test(value) ? 4 : /g/i.test(value) ? 3 : 2))
  })

const HOURS = { m: 1 / 60, h: 1, d: 24 } as const
/** `30 m`, `12 h`, `7 d`; milliseconds inside. */
export const duration = z
  .string()
  .regex(/^\d{1,4}\s*[mhd]$/)
  .transform((text) => Number.parseInt(text, 10) * HOURS[text.at(-1) as keyof typeof HOURS] * 3_600_000)
  .refine((value) => value > 0, 'must be longer than nothing')

export const days = whole(1, 3650)
