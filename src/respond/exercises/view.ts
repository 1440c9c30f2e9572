import { readJson } from '../../platform/state/columns.ts'
import { answersOf, type ExerciseDb, injectsOf } from './queries.ts'
import type { ExerciseDetail, ExerciseReport, ExerciseSummary, InjectView } from './schema.ts'
import type { ExerciseScript } from './scripts.ts'
import type { AnswersTable, ExercisesTable, InjectsTable } from './tables.ts'

function iso(ms: number): string {
  return new Date(ms).toISOString()
}

export function exerciseSummaryOf(row: ExercisesTable): ExerciseSummary {
  return {
    id: row.id,
    script: row.script,
    kind: row.kind,
    title: { en: row.title_en, ja: row.title_ja },
    state: row.state,
    started: iso(row.started),
    ended: row.ended === null ? null : iso(row.ended),
    by: row.by_name,
    participants: readJson<string[]>(row.participants),
    incident: row.incident_id,
  }
}

/** @param over whether everything may be read, also what was never given and what a good answer holds. */
export function injectViews(
  script: ExerciseScript,
  shown: readonly InjectsTable[],
  answers: readonly AnswersTable[],
  over: boolean,
): InjectView[] {
  return script.injects.map(({ after, text, questions, expect }, number) => {
    const given = shown.find((one) => one.number === number)
    const open = given !== undefined || over
    return {
      number,
      after,
      text: open ? text : null,
      questions: open ? questions : [],
      expect: over ? (expect ?? null) : null,
      shown: given === undefined ? null : iso(given.shown),
      answers: answers
        .filter(({ inject }) => inject === number)
        .map(({ question, text: said, by_name: by, at }) => ({ question, text: said, by, at: iso(at) })),
    }
  })
}

/** @param script undefined where the script is gone: what was ended has its report. */
export async function exerciseDetailOf(
  db: ExerciseDb,
  row: ExercisesTable,
  script: ExerciseScript | undefined,
  entryOf: (outbox: number) => Promise<number | null>,
): Promise<ExerciseDetail> {
  const report = row.report === null ? null : readJson<ExerciseReport>(row.report)
  const over = row.state === 'ended'
  const injects =
    report?.injects ??
    (script === undefined ? [] : injectViews(script, await injectsOf(db, row.id), await answersOf(db, row.id), over))
  return {
    ...exerciseSummaryOf(row),
    about: script?.about ?? { en: '', ja: '' },
    minutes: script?.minutes ?? 0,
    injects,
    report,
    sha256: row.sha256,
    entry: row.outbox === null ? null : await entryOf(row.outbox),
  }
}
