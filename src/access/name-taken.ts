import type { Db } from './queries.ts'

/**
 * Whether an account has this name, in whatever case. Names beyond ASCII are compared as written.
 * @param except an account that may have it.
 */
export async function nameTaken(db: Db, name: string, except = ''): Promise<boolean> {
  const row = await db
    .selectFrom('access_accounts')
    .select('id')
    .where('id', '!=', except)
    .where((e) => e.or([e('name', '=', name), e(e.fn<string>('lower', ['name']), '=', name.toLowerCase())]))
    .executeTakeFirst()
  return row !== undefined
}
