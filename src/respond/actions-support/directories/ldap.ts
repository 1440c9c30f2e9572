import { isIP } from 'node:net'
import { Attribute, Change, Client, type Entry, EqualityFilter, NoSuchObjectError, ResultCodeError } from 'ldapts'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { Outgoing } from '../../../platform/outgoing/outgoing.ts'
import type { ConnectionOf } from '../../connections/schema.ts'
import type { AccountState, Directory } from './directory.ts'

const TIMEOUT_MS = 15_000
/** ADS_UF_ACCOUNTDISABLE and ADS_UF_NORMAL_ACCOUNT of MS-ADTS 2.2.16. */
const AD_DISABLED = 2
const AD_NORMAL = 512

interface Lock {
  readonly attribute: string
  isClosed(value: string | undefined): boolean
  /** The value that closes, given the one there is. */
  closing(now: string | undefined): string
  /** The value that reopens, given the one there is and the one before it was closed; undefined takes it away. */
  opening(now: string | undefined, before: string | undefined): string | undefined
}

const asBefore: Lock['opening'] = (_now, before) => before

/** How each kind of directory closes an account. */
const LOCKS: Readonly<Record<ConnectionOf<'ldap'>['settings']['lock'], Lock>> = {
  // draft-behera-ldap-password-policy §5.3.3: this very time means locked until an administrator opens it.
  ppolicy: {
    attribute: 'pwdAccountLockedTime',
    isClosed: (value) => value === '000001010000Z',
    closing: () => '000001010000Z',
    opening: asBefore,
  },
  'active-directory': {
    attribute: 'userAccountControl',
    isClosed: (value) => (Number(value ?? 0) & AD_DISABLED) !== 0,
    // One bit of several: what else changed in the same number meanwhile stays.
    closing: (now) => String(Number(now ?? AD_NORMAL) | AD_DISABLED),
    opening: (now) => String(Number(now ?? AD_NORMAL) & ~AD_DISABLED),
  },
  nsAccountLock: {
    attribute: 'nsAccountLock',
    isClosed: (value) => value?.toLowerCase() === 'true',
    closing: () => 'true',
    opening: asBefore,
  },
  // Days since 1970 (RFC 2307): the account ended on the second of January of that year.
  shadow: {
    attribute: 'shadowExpire',
    isClosed: (value) => value === '1',
    closing: () => '1',
    opening: asBefore,
  },
}

/**
 * Closes accounts of an LDAP directory (RFC 4511). The account's name only ever is an assertion value in a filter object, never
 * part of a filter's or a DN's text; the DN that is changed is the one that the directory answered with.
 */
export function ldap(
  outgoing: Pick<Outgoing, 'addressesOf'>,
  { name, settings, secrets }: Pick<ConnectionOf<'ldap'>, 'name' | 'settings' | 'secrets'>,
): Directory {
  const lock = LOCKS[settings.lock]
  const session = async <T>(signal: AbortSignal, work: (client: Client) => Promise<T>): Promise<T> => {
    signal.throwIfAborted()
    const url = new URL(settings.url)
    const host = url.hostname.replace(/^\[(.*)\]$/, '$1')
    const [address] = await outgoing.addressesOf(host)
    const tlsOptions = isIP(host) === 0 ? { servername: host } : { host }
    const secure = url.protocol === 'ldaps:'
    const at = address!.family === 6 ? `[${address!.address}]` : address!.address
    const client = new Client({
      url: `${url.protocol}//${at}:${url.port || (secure ? 636 : 389)}`,
      timeout: TIMEOUT_MS,
      connectTimeout: TIMEOUT_MS,
      ...(secure ? { tlsOptions } : {}),
    })
    const abort = (): void => void client.unbind().catch(() => undefined)
    signal.addEventListener('abort', abort, { once: true })
    try {
      if (!secure && settings.startTls === 'yes') await client.startTLS(tlsOptions)
      await client.bind(settings.bind, secrets.password)
      return await work(client)
    } catch (error) {
      signal.throwIfAborted()
      throw error instanceof KanpekiError ? error : failed(url.host, error)
    } finally {
      signal.removeEventListener('abort', abort)
      await client.unbind().catch(() => undefined)
    }
  }
  const set = (dn: string, next: (now: string | undefined) => string | undefined, signal: AbortSignal): Promise<void> =>
    session(signal, async (client) => {
      const { searchEntries } = await client.search(dn, { scope: 'base', attributes: [lock.attribute] })
      const now = textOf(searchEntries[0]?.[lock.attribute])
      const to = next(now)
      if (to === now) return
      const modification = new Attribute({ type: lock.attribute, values: to === undefined ? [] : [to] })
      await client.modify(dn, new Change({ operation: to === undefined ? 'delete' : 'replace', modification }))
    })
  const lastValue = ({ value }: AccountState): string | undefined =>
    typeof value['value'] === 'string' ? value['value'] : undefined
  return {
    name,
    look: (account, signal) =>
      session(signal, async (client) => {
        const filter = new EqualityFilter({ attribute: settings.attribute, value: account })
        const found = await client
          .search(settings.base, { scope: 'sub', filter, attributes: [lock.attribute], sizeLimit: 2 })
          .catch((error: unknown) => {
            if (error instanceof NoSuchObjectError) return { searchEntries: [] as Entry[] }
            throw error
          })
        const [entry, another] = found.searchEntries
        if (entry === undefined) return undefined
        if (another !== undefined)
          throw new KanpekiError('account_ambiguous', `${name} has several accounts of this name.`, {
            remedy: 'Narrow the base of this connection.',
          })
        if (entry.dn.toLowerCase() === settings.bind.toLowerCase())
          throw new KanpekiError('account_protected', 'This is the account that Kanpeki itself signs in with.')
        const value = textOf(entry[lock.attribute])
        return { closed: lock.isClosed(value), id: entry.dn, value: value === undefined ? {} : { value } }
      }),
    close: ({ id }, _account, signal) => set(id, lock.closing, signal),
    reopen: (found, _account, signal) => set(found.id, (now) => lock.opening(now, lastValue(found)), signal),
  }
}

function textOf(value: Entry[string] | undefined): string | undefined {
  const first = Array.isArray(value) ? value[0] : value
  return first === undefined ? undefined : first.toString()
}

function failed(host: string, error: unknown): KanpekiError {
  const said = error instanceof ResultCodeError ? `result ${error.code}` : messageOf(error).replaceAll(/\s+/g, ' ').slice(0, 200)
  return new KanpekiError('directory_failed', `The directory ${host} did not do it: ${said}.`, {
    remedy: 'Look at the settings of this connection and at what its account may do.',
    cause: error,
  })
}
