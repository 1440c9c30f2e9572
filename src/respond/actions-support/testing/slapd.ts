import { execFileSync, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Client } from 'ldapts'
import { vi } from 'vitest'

const [INTEGER, STRING] = ['1.3.6.1.4.1.1466.115.121.1.27', '1.3.6.1.4.1.1466.115.121.1.15']
const SLAPD = '/usr/sbin/slapd'
export const BASE = 'dc=example,dc=test'
export const ADMIN = `cn=admin,${BASE}`
export const PASSWORD = 'the directory’s own'

export interface TestDirectory {
  readonly url: string
  /** Whether this password lets in. */
  signsIn(account: string, password: string): Promise<boolean>
  /** A person's attribute as it is; undefined where it is not there. */
  attribute(account: string, name: string): Promise<string | undefined>
  stop(): Promise<void>
}

/**
 * OpenLDAP's slapd as Debian ships it, with password policies, a person `sato` and one whose name is made of what filters and DNs
 * are made of.
 */
export async function startSlapd(hostile: string): Promise<TestDirectory> {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-slapd-'))
  mkdirSync(join(folder, 'db'))
  const config = join(folder, 'slapd.conf')
  writeFileSync(
    config,
    [
      ...['core', 'cosine', 'nis', 'inetorgperson'].map((name) => `include /etc/ldap/schema/${name}.schema`),
      // What Active Directory and 389 Directory Server have in their schemas.
      `attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' SYNTAX ${INTEGER} SINGLE-VALUE )`,
      `attributetype ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' SYNTAX ${STRING} SINGLE-VALUE )`,
      "objectclass ( 1.1.1 NAME 'lockable' AUXILIARY MAY ( userAccountControl $ nsAccountLock ) )",
      'modulepath /usr/lib/ldap',
      'moduleload back_mdb',
      'moduleload ppolicy',
      `pidfile ${folder}/pid`,
      'database mdb',
      `suffix "${BASE}"`,
      `directory ${folder}/db`,
      `rootdn "${ADMIN}"`,
      `rootpw "${PASSWORD}"`,
      'overlay ppolicy',
      `ppolicy_default "cn=policy,${BASE}"`,
      '',
    ].join('\n'),
  )
  const port = await freePort()
  const url = `ldap://127.0.0.1:${port}`
  execFileSync('/usr/sbin/slaptest', ['-f', config, '-u'], { stdio: 'pipe' })
  const child = spawn(SLAPD, ['-f', config, '-h', url, '-d', '0'], { stdio: 'ignore' })
  const as = async (dn: string, password: string): Promise<Client> => {
    const client = new Client({ url, timeout: 5000, connectTimeout: 5000 })
    try {
      await client.bind(dn, password)
      return client
    } catch (error) {
      await client.unbind().catch(() => undefined)
      throw error
    }
  }
  const admin = await vi.waitFor(() => as(ADMIN, PASSWORD), { timeout: 10_000, interval: 50 })
  const person = (uid: string, sn: string) => ({ objectClass: ['inetOrgPerson'], uid, cn: sn, sn, userPassword: `${sn}-secret` })
  await admin.add(BASE, { objectClass: ['dcObject', 'organization'], dc: 'example', o: 'Example' })
  await admin.add(`cn=policy,${BASE}`, {
    objectClass: ['device', 'pwdPolicy'],
    pwdAttribute: 'userPassword',
    pwdLockout: 'TRUE',
  })
  await admin.add(`uid=sato,${BASE}`, person('sato', 'sato'))
  await admin.add(`cn=hostile,${BASE}`, person(hostile, 'hostile'))
  await admin.add(`uid=mori,${BASE}`, {
    ...person('mori', 'mori'),
    objectClass: ['inetOrgPerson', 'shadowAccount', 'lockable'],
    // A normal account whose password does not expire.
    userAccountControl: '66048',
  })
  await admin.unbind()
  return {
    url,
    async signsIn(name, password) {
      try {
        await (await as(`${name},${BASE}`, password)).unbind()
        return true
      } catch {
        return false
      }
    },
    async attribute(account, name) {
      const client = await as(ADMIN, PASSWORD)
      const { searchEntries } = await client.search(`uid=${account},${BASE}`, { scope: 'base', attributes: [name] })
      await client.unbind()
      const value = searchEntries[0]?.[name]
      return value === undefined || (Array.isArray(value) && value.length === 0) ? undefined : String(value)
    },
    async stop() {
      child.kill('SIGTERM')
      await new Promise((ended) => child.once('exit', ended))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer()
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}
