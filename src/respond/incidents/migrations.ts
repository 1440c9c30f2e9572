import type { Migration } from '../../platform/state/migrate.ts'

export const incidentsMigrations: readonly Migration[] = []
