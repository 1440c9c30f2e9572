import { z } from 'zod'

const time = z.iso.datetime({ precision: 3 })
const both = z.object({ en: z.string(), ja: z.string() })
const id = z.string().min(1).max(100)

/** A talk about what would be done, or an incident that is worked on as if it were one. */
export const EXERCISE_KINDS = ['table-top', 'simulation'] as const

export const answerView = z.object({ question: z.int(), text: z.string(), by: z.string(), at: time })

export const injectView = z.object({
  number: z.int(),
  /** Minutes after the beginning. */
  after: z.int(),
  /** Empty until it was given: whoever plays does not read ahead. */
  text: both.nullable(),
  questions: z.array(both),
  /** What a good answer holds; shown once the exercise is over. */
  expect: both.nullable(),
  shown: time.nullable(),
  answers: z.array(answerView),
})
export type InjectView = z.infer<typeof injectView>

export const exerciseSummary = z.object({
  id: z.string(),
  script: z.string(),
  kind: z.enum(EXERCISE_KINDS),
  title: both,
  state: z.enum(['running', 'ended']),
  started: time,
  ended: time.nullable(),
  by: z.string(),
  participants: z.array(z.string()),
  /** Of a simulation: the incident that is worked on. */
  incident: z.string().nullable(),
})
export type ExerciseSummary = z.infer<typeof exerciseSummary>

const clocks = z.object({
  acknowledge: z.number().nullable(),
  contain: z.number().nullable(),
  resolve: z.number().nullable(),
})

/** What an exercise left behind, as it stood when it ended: its hash is in the ledger. */
export const exerciseReport = z.object({
  exercise: z.string(),
  script: z.string(),
  kind: z.enum(EXERCISE_KINDS),
  title: both,
  started: time,
  ended: time,
  by: z.string(),
  participants: z.array(z.string()),
  injects: z.array(injectView),
  /** Seconds from a question to its first answer. */
  replies: z.object({ asked: z.int(), answered: z.int(), mean: z.number().nullable(), slowest: z.number().nullable() }),
  /** Of a simulation. */
  incident: z
    .object({
      number: z.int(),
      clocks,
      tasks: z.object({ all: z.int(), done: z.int(), late: z.int() }),
      messages: z.object({ all: z.int(), told: z.int(), late: z.int() }),
      deeds: z.int(),
      runs: z.int(),
    })
    .nullable(),
  summary: z.string(),
  improvements: z.array(z.object({ title: z.string(), owner: z.string() })),
})
export type ExerciseReport = z.infer<typeof exerciseReport>

export const exerciseDetail = exerciseSummary.extend({
  about: both,
  minutes: z.int(),
  injects: z.array(injectView),
  report: exerciseReport.nullable(),
  /** SHA-256 (hexadecimal) of the report, and the ledger's entry that says so. */
  sha256: z.string().nullable(),
  entry: z.int().nullable(),
})
export type ExerciseDetail = z.infer<typeof exerciseDetail>

export const scriptView = z.object({
  id: z.string(),
  kind: z.enum(EXERCISE_KINDS),
  title: both,
  about: both,
  minutes: z.int(),
  injects: z.int(),
})
export const exercisesReply = z.object({ exercises: z.array(exerciseSummary), scripts: z.array(scriptView) })
export type ExercisesReply = z.infer<typeof exercisesReply>

export const exerciseParams = z.object({ id })
export const newExercise = z.strictObject({
  script: id,
  participants: z.array(z.string().trim().min(1).max(120)).max(50).default([]),
})
export const exerciseDeed = z.discriminatedUnion('do', [
  /** The next inject of a table-top; a simulation goes by the clock, and this hurries it. */
  z.strictObject({ do: z.literal('next') }),
  z.strictObject({
    do: z.literal('answer'),
    inject: z.int().min(0).max(100),
    question: z.int().min(0).max(100),
    text: z.string().trim().min(1).max(5000),
  }),
  z.strictObject({
    do: z.literal('end'),
    summary: z.string().trim().max(10_000).default(''),
    improvements: z
      .array(z.strictObject({ title: z.string().trim().min(1).max(300), owner: z.string().trim().min(1).max(120) }))
      .max(50)
      .default([]),
  }),
])
export type ExerciseDeed = z.infer<typeof exerciseDeed>
export const exerciseReportQuery = z.object({
  language: z.enum(['en', 'ja']).default('en'),
  format: z.enum(['pdf', 'html']).default('pdf'),
})
