import type { Migration } from '../../platform/state/migrate.ts'

export const playbooksMigrations: readonly Migration[] = []
