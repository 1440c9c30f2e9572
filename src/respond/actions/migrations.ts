import type { Migration } from '../../platform/state/migrate.ts'

export const actionsMigrations: readonly Migration[] = []
