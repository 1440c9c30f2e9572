import { migrations as access } from '../access/migrations.ts'
import { migrations as assess } from '../assess/migrations.ts'
import { migrations as collect } from '../collect/migrations.ts'
import { migrations as declare } from '../declare/migrations.ts'
import { migrations as detect } from '../detect/migrations.ts'
import { migrations as hosts } from '../hosts/migrations.ts'
import type { Migration } from '../platform/state/migrate.ts'
import { migrations as protect } from '../protect/migrations.ts'
import { proveMigrations as prove } from '../prove/migrations.ts'
import { migrations as respond } from '../respond/migrations.ts'
import { firstWeekMigrations as firstWeek } from './first-week/migrations.ts'
import { migrations as pipeline } from './pipeline/migrations.ts'
import { readMigrations as reads } from './reads/migrations.ts'
import { repeatedWriteMigrations as repeatedWrites } from './repeated-writes/migrations.ts'
import { retentionMigrations as retention } from './retention/migrations.ts'
import { searchMigrations as searches } from './searches/migrations.ts'
import { weeklyMigrations as weekly } from './weekly/migrations.ts'

/** Every room's tables. Any process that opens the state store gives this list. */
export const migrations: readonly Migration[] = [
  ...access,
  ...assess,
  ...collect,
  ...declare,
  ...detect,
  ...hosts,
  ...protect,
  ...prove,
  ...respond,
  ...pipeline,
  ...retention,
  ...searches,
  ...reads,
  ...repeatedWrites,
  ...weekly,
  ...firstWeek,
]
