import { assetOwners } from '../access/assets/queries.ts'
import { peopleIn } from '../access/conflicts/queries.ts'
import { conflictingDuties } from '../access/conflicts/routes.ts'
import { rolesIn } from '../access/roles.ts'
import type { AccessTables } from '../access/tables.ts'
import type { Checks } from '../declare/frameworks/gather.ts'
import type { Clock } from '../kernel/clock.ts'
import type { State } from '../platform/state/state.ts'
import type { Ledger } from '../prove/ledger.ts'

/** What Kanpeki knows of itself that controls of a framework rest on. */
export function frameworkChecks({
  state,
  clock,
  ledger,
}: {
  readonly state: State
  readonly clock: Clock
  readonly ledger: Pick<Ledger, 'head'>
}): Checks {
  const now = (): string => new Date(clock.now()).toISOString()
  return {
    ledger: async () => {
      const { size, checkpoint, logged } = ledger.head
      return {
        figure: { en: `${size} entries, head signed`, ja: `記録${size}件、先頭に署名あり` },
        state: size > 0 && checkpoint.text !== '' ? 'proven' : 'not-proven',
        reason: size > 0 ? null : { en: 'The ledger is empty.', ja: '台帳が空です。' },
        at: logged,
        link: { to: 'page', page: 'evidence' },
        evidence: null,
      }
    },
    duties: async (scope) => {
      const people = await peopleIn(state.tables<AccessTables>(), scope)
      const both = people.filter(({ assignments }) => conflictingDuties(rolesIn(assignments, scope)).length > 0)
      const proven = people.length > 0 && both.length === 0
      return {
        figure: { en: `${both.length} of ${people.length} people`, ja: `${people.length}人中${both.length}人` },
        state: proven ? 'proven' : 'not-proven',
        reason: proven
          ? null
          : people.length === 0
            ? { en: 'Nobody has an account in this scope.', ja: 'この範囲にアカウントを持つ人がいません。' }
            : { en: 'Some people hold duties that conflict.', ja: '相反する職務を兼ねている人がいます。' },
        at: now(),
        link: { to: 'page', page: 'access' },
        evidence: null,
      }
    },
    'asset-owners': async (scope) => {
      const { assets, without } = await assetOwners(state.scoped<AccessTables>(scope))
      const proven = assets > 0 && without === 0
      return {
        figure: { en: `${assets} assets, ${without} without an owner`, ja: `資産${assets}件、責任者なし${without}件` },
        state: proven ? 'proven' : 'not-proven',
        reason: proven
          ? null
          : assets === 0
            ? { en: 'No asset is listed.', ja: '登録された資産がありません。' }
            : { en: 'Some assets have no owner.', ja: '責任者のいない資産があります。' },
        at: now(),
        link: { to: 'page', page: 'assets' },
        evidence: null,
      }
    },
  }
}
