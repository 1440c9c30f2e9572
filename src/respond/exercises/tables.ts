/** Times are milliseconds UTC. */
export interface ExercisesTable {
  id: string
  scope: string
  script: string
  kind: 'table-top' | 'simulation'
  title_en: string
  title_ja: string
  state: 'running' | 'ended'
  started: number
  ended: number | null
  by_name: string
  /** JSON list of names. */
  participants: string
  incident_id: string | null
  /** JSON of the report, exactly as it was hashed. */
  report: string | null
  sha256: string | null
  outbox: number | null
}

export interface InjectsTable {
  exercise_id: string
  /** 0, 1, 2 … as in the script. */
  number: number
  scope: string
  shown: number
}

export interface AnswersTable {
  id: string
  exercise_id: string
  scope: string
  inject: number
  question: number
  text: string
  by_name: string
  at: number
}

export interface ExerciseTables {
  respond_exercises: ExercisesTable
  respond_exercise_injects: InjectsTable
  respond_exercise_answers: AnswersTable
}
