import pg, { type QueryArrayConfig } from 'pg'
import { KanpekiError, messageOf } from '../../kernel/error.ts'
import type { Outgoing } from './outgoing.ts'

export interface PostgresQuestion {
  /** `postgres://user@host:port/database`; TLS is demanded unless `?sslmode=disable`. */
  readonly url: string
  readonly password: string | undefined
  /** One statement that reads. */
  readonly query: string
  readonly timeoutMs: number
}

/**
 * Asks somebody else's PostgreSQL one question in a transaction that cannot write.
 * @returns rows as lists of columns. @throws KanpekiError `outgoing_…`, `database_failed`.
 */
export async function readPostgres(
  { url, password, query, timeoutMs }: PostgresQuestion,
  outgoing: Pick<Outgoing, 'addressesOf'>,
): Promise<readonly (readonly unknown[])[]> {
  const { hostname, port, username, pathname, searchParams } = new URL(url)
  const [place] = await outgoing.addressesOf(hostname)
  const client = new pg.Client({
    host: place!.address,
    port: port === '' ? 5432 : Number(port),
    user: decodeURIComponent(username),
    database: decodeURIComponent(pathname.slice(1)),
    password,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    ssl: searchParams.get('sslmode') === 'disable' ? false : { servername: hostname },
  })
  // A connection that breaks between two statements must not end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    await client.query('begin read only')
    await client.query(`set local statement_timeout = ${timeoutMs}`)
    // The extended protocol takes one statement: none can end the transaction that may only read.
    const question: QueryArrayConfig & { readonly queryMode: 'extended' } = {
      text: query,
      rowMode: 'array',
      queryMode: 'extended',
    }
    return (await client.query<unknown[]>(question)).rows
  } catch (error) {
    throw new KanpekiError('database_failed', `The database did not answer: ${messageOf(error)}.`)
  } finally {
    await client.end().catch(() => undefined)
  }
}
