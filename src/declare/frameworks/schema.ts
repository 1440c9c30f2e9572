import { z } from 'zod'
import { OBJECTIVE_STATES } from '../../kernel/measure.ts'
import { bilingual, evidenceRef } from '../schema.ts'

// ── Content files: numbers of the framework, words of our own ──

const id = z.string().regex(/^[A-Za-z0-9]+([.-][A-Za-z0-9]+)*$/)

/** What Kanpeki can prove. Exactly one kind: objectives of cards, executed techniques, or a question that it answers itself. */
export const ground = z
  .strictObject({
    id,
    en: z.string().min(1),
    ja: z.string().min(1),
    /** Objectives of cards over one of these measures … */
    measures: z.array(z.string().min(1)).min(1).optional(),
    /** … or over an external series of one of these names. */
    series: z.array(z.string().min(1)).min(1).optional(),
    /** ATT&CK techniques, each to have been executed and seen lately. */
    techniques: z.array(z.string().min(1)).min(1).optional(),
    check: z.string().min(1).optional(),
  })
  .refine(
    ({ measures, series, techniques, check }) =>
      [measures ?? series, techniques, check].filter((kind) => kind !== undefined).length === 1,
    'a ground is of exactly one kind: measures and series, techniques, or check',
  )
export type Ground = z.infer<typeof ground>
export const groundsFile = z.strictObject({ grounds: z.array(ground).min(1) })

export const framework = z.strictObject({
  id,
  name: bilingual,
  edition: z.string().min(1),
  publisher: z.string().min(1),
  groups: z
    .array(
      z.strictObject({
        id,
        title: bilingual,
        controls: z
          .array(z.strictObject({ id, en: z.string().min(1), ja: z.string().min(1), by: z.array(id).min(1).optional() }))
          .min(1),
      }),
    )
    .min(1),
})
export type Framework = z.infer<typeof framework>

// ── What the API says ──

/**
 * `not-covered`: nothing that Kanpeki measures speaks of this control. `not-proven`: something would, and it is missing,
 * stale, or says no.
 */
export const CONTROL_STATES = ['proven', 'at-risk', 'not-proven', 'not-covered'] as const
export type ControlState = (typeof CONTROL_STATES)[number]
export const GROUND_STATES = ['proven', 'at-risk', 'not-proven'] as const
export type GroundState = (typeof GROUND_STATES)[number]

const text = z.object({ en: z.string(), ja: z.string() })

/** Where a figure opens: a card's objective, executed scenarios, or the page that shows what a check counted. */
export const groundLink = z.discriminatedUnion('to', [
  z.object({ to: z.literal('card'), card: z.string(), objective: z.string().nullable() }),
  z.object({ to: z.literal('coverage'), technique: z.string() }),
  z.object({ to: z.literal('page'), page: z.enum(['declarations', 'evidence', 'assets', 'access']) }),
])
export type GroundLink = z.infer<typeof groundLink>

export const groundFigure = z.object({
  title: text,
  /** What is measured, and what it should be; null where nothing could be measured. */
  figure: text.nullable(),
  target: text.nullable(),
  /** The judged state of an objective; null for what is none. */
  objective: z.enum(OBJECTIVE_STATES).nullable(),
  state: z.enum(GROUND_STATES),
  /** Why it is not proven, in words; null where it is. */
  reason: text.nullable(),
  /** When the evidence arrived. */
  at: z.iso.datetime().nullable(),
  link: groundLink,
  /** The ledger entry that proves the figure. */
  evidence: evidenceRef.nullable(),
})
export type GroundFigure = z.infer<typeof groundFigure>

export const groundView = z.object({
  id: z.string(),
  title: text,
  kind: z.enum(['objectives', 'techniques', 'check']),
  state: z.enum(GROUND_STATES),
  /** Why there is no figure at all; null where there is one. */
  reason: text.nullable(),
  figures: z.array(groundFigure),
})
export type GroundView = z.infer<typeof groundView>

const totals = z.object({
  controls: z.int(),
  proven: z.int(),
  atRisk: z.int(),
  notProven: z.int(),
  notCovered: z.int(),
})
export type ControlTotals = z.infer<typeof totals>

const head = z.object({ id: z.string(), name: text, edition: z.string(), publisher: z.string(), totals })

export const frameworksResponse = z.object({ at: z.iso.datetime(), scope: z.string(), frameworks: z.array(head) })
export type FrameworksResponse = z.infer<typeof frameworksResponse>

export const frameworkParams = z.object({ id: id.max(64) })
export const frameworkView = head.extend({
  /** When it was judged. */
  at: z.iso.datetime(),
  scope: z.string(),
  groups: z.array(
    z.object({
      id: z.string(),
      title: text,
      controls: z.array(z.object({ id: z.string(), title: text, state: z.enum(CONTROL_STATES), grounds: z.array(z.string()) })),
    }),
  ),
  /** The grounds that its controls name. */
  grounds: z.array(groundView),
})
export type FrameworkView = z.infer<typeof frameworkView>
