import type { Migration } from '../platform/state/migrate.ts'
import { actionsMigrations } from './actions/migrations.ts'
import { exercisesMigrations } from './exercises/migrations.ts'
import { incidentsMigrations } from './incidents/migrations.ts'
import { playbooksMigrations } from './playbooks/migrations.ts'

export const migrations: readonly Migration[] = [
  ...incidentsMigrations,
  ...exercisesMigrations,
  ...playbooksMigrations,
  ...actionsMigrations,
]
