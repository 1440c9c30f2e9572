import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe } from 'vitest'
import type { Clock } from '../../kernel/clock.ts'
import type { Migration } from '../state/migrate.ts'
import { openState, type State, type StatePlace } from '../state/state.ts'
import { postgresPrograms, startPostgres, type TestPostgres } from './postgres.ts'

/** What a test of the state store gets: both close and clean up by themselves after each test. */
export interface StateTestBed {
  /** A fresh, empty store with these migrations. */
  open(migrations?: readonly Migration[], clock?: Clock): Promise<State>
  /** A fresh place, for tests that open the same store more than once (and close it themselves). */
  place(): Promise<StatePlace>
}

/**
 * Runs the same tests on SQLite and on PostgreSQL. Where PostgreSQL is not installed its half is skipped and says so;
 * with `CI=true` that is a failure.
 */
export function describeStates(name: string, body: (bed: StateTestBed) => void): void {
  describe(`${name} (SQLite)`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'kanpeki-state-'))
    afterAll(() => rmSync(folder, { recursive: true, force: true }))
    let made = 0
    body(
      bedOf(async () => {
        made += 1
        return { path: join(folder, `state-${made}.db`) }
      }),
    )
  })
  const programs = postgresPrograms()
  if (programs === undefined) {
    if (process.env['CI'] === 'true') throw new Error('PostgreSQL is not installed, and CI=true asks for it')
    describe.skip(`${name} (PostgreSQL: not installed, install the package postgresql)`, () =>
      body(bedOf(async () => ({ url: '' }))))
    return
  }
  describe(`${name} (PostgreSQL)`, () => {
    let server: TestPostgres
    beforeAll(async () => {
      server = await startPostgres(programs)
    })
    afterAll(() => server.stop())
    body(bedOf(async () => ({ url: await server.createDatabase() })))
  })
}

function bedOf(place: () => Promise<StatePlace>): StateTestBed {
  const opened: State[] = []
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((state) => state.close()))
  })
  return {
    place,
    async open(migrations = [], clock) {
      const state = await openState(await place(), migrations, clock)
      opened.push(state)
      return state
    },
  }
}
