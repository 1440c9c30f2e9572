import type { Kysely } from 'kysely'
import type { AnswersTable, ExercisesTable, ExerciseTables, InjectsTable } from './tables.ts'

/** Limited to one scope, unless a function says otherwise. */
export type ExerciseDb = Kysely<ExerciseTables>

const MOST = 200

/** Newest first. */
export async function exercises(db: ExerciseDb): Promise<ExercisesTable[]> {
  return await db.selectFrom('respond_exercises').selectAll().orderBy('started', 'desc').orderBy('id').limit(MOST).execute()
}

/** Of every scope. */
export async function runningSimulations(db: ExerciseDb): Promise<ExercisesTable[]> {
  return await db
    .selectFrom('respond_exercises')
    .selectAll()
    .where('state', '=', 'running')
    .where('kind', '=', 'simulation')
    .execute()
}

export async function exerciseById(db: ExerciseDb, id: string): Promise<ExercisesTable | undefined> {
  return await db.selectFrom('respond_exercises').selectAll().where('id', '=', id).executeTakeFirst()
}

export async function insertExercise(db: ExerciseDb, row: ExercisesTable): Promise<void> {
  await db.insertInto('respond_exercises').values(row).execute()
}

export async function changeExercise(
  db: ExerciseDb,
  id: string,
  change: Partial<Omit<ExercisesTable, 'id' | 'scope'>>,
): Promise<void> {
  await db.updateTable('respond_exercises').set(change).where('id', '=', id).execute()
}

export async function injectsOf(db: ExerciseDb, exercise: string): Promise<InjectsTable[]> {
  return await db
    .selectFrom('respond_exercise_injects')
    .selectAll()
    .where('exercise_id', '=', exercise)
    .orderBy('number')
    .execute()
}

export async function insertInject(db: ExerciseDb, row: InjectsTable): Promise<void> {
  await db.insertInto('respond_exercise_injects').values(row).execute()
}

export async function answersOf(db: ExerciseDb, exercise: string): Promise<AnswersTable[]> {
  return await db
    .selectFrom('respond_exercise_answers')
    .selectAll()
    .where('exercise_id', '=', exercise)
    .orderBy('at')
    .orderBy('id')
    .execute()
}

export async function insertAnswer(db: ExerciseDb, row: AnswersTable): Promise<void> {
  await db.insertInto('respond_exercise_answers').values(row).execute()
}
