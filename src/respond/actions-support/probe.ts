import { access, constants } from 'node:fs/promises'
import { dirname } from 'node:path'
import { KanpekiError } from '../../kernel/error.ts'
import type { Outgoing } from '../../platform/outgoing/outgoing.ts'
import type { AnyConnection, ConnectionKind } from '../connections/schema.ts'
import { basic, callJson, type JsonCall, under } from './call.ts'
import type { ActionDeps } from './deps.ts'
import { directories } from './directories/open.ts'
import { whoisOf } from './facts/whois.ts'
import { firewalls } from './firewalls/open.ts'
import { oidcProvider } from './identity/oidc.ts'
import { messengers } from './messengers/open.ts'
import { awsIam } from './secrets/aws-iam.ts'
import { runOver } from './ssh.ts'

/** Of documentation (RFC 5737, RFC 2606): nobody has it. */
const NOBODY = { address: '192.0.2.1', account: 'kanpeki-probe', domain: 'example.com' }
const TEXT = {
  title: '[Kanpeki] Test / 接続テスト',
  text: 'Somebody tests this connection; nothing happened.\n接続テストのメッセージです。対応は不要です。',
}
const MESSENGERS: readonly ConnectionKind[] = ['mail', 'slack', 'teams', 'mattermost', 'webhook', 'line-works']

type Ask = (
  parts: readonly string[],
  headers: Readonly<Record<string, string>>,
  query?: Readonly<Record<string, string>>,
) => Promise<void>

/**
 * Whether a connection works: asked for something that changes nothing, with its own secrets. Where the other side can be asked nothing,
 * people there get a message that says that it is a test.
 * @returns whether somebody was told. @throws KanpekiError with what is wrong.
 */
export async function probe(
  deps: Pick<ActionDeps, 'connections' | 'outgoing' | 'wafFolder' | 'mail'>,
  scope: string,
  one: AnyConnection,
  signal: AbortSignal,
): Promise<{ readonly told: boolean }> {
  if (!MESSENGERS.includes(one.kind)) {
    await look(deps, scope, one, signal)
    return { told: false }
  }
  const [messenger] = await messengers(deps as ActionDeps, scope, one.name)
  await messenger!.send({ ...TEXT, severity: 5 }, `kanpeki-test-${Date.now()}`, signal)
  return { told: true }
}

async function look(
  deps: Pick<ActionDeps, 'connections' | 'outgoing' | 'wafFolder'>,
  scope: string,
  one: AnyConnection,
  signal: AbortSignal,
): Promise<void> {
  const { outgoing } = deps
  switch (one.kind) {
    case 'nftables':
    case 'waf':
    case 'http-firewall': {
      const [firewall] = await firewalls(deps as ActionDeps, scope, one.name)
      return void (await firewall!.holder(NOBODY.address, signal))
    }
    case 'ldap':
    case 'scim':
    case 'local-accounts': {
      const [directory] = await directories(deps as ActionDeps, scope, one.name)
      return void (await directory!.look(NOBODY.account, signal))
    }
    case 'oidc':
      return void (await oidcProvider(outgoing, one).find(NOBODY.account, signal))
    case 'aws-iam':
      return await awsIam(outgoing, one).own(signal)
    case 'whois':
      return void (await whoisOf(outgoing, one, NOBODY.domain, signal))
    case 'ssh':
      return void (await runOver(one, ['true'], outgoing, signal))
    case 'authorized-keys':
      return await seeFolder(one.settings.file)
    case 'vault':
      return await asking(
        outgoing,
        one.settings.url,
        signal,
      )(['v1', 'auth', 'token', 'lookup-self'], {
        'x-vault-token': one.secrets.token,
      })
    case 'rdap':
      return await asking(
        outgoing,
        one.settings.url,
        signal,
        'follow',
      )(['domain', NOBODY.domain], { accept: 'application/rdap+json' })
    case 'jira':
      return await asking(
        outgoing,
        one.settings.url,
        signal,
      )(['rest', 'api', '3', 'project', one.settings.project], {
        authorization: basic(one.settings.user, one.secrets.token),
      })
    case 'github':
      return await asking(
        outgoing,
        one.settings.url,
        signal,
      )(['repos', one.settings.owner, one.settings.repository], {
        authorization: `Bearer ${one.secrets.token}`,
      })
    case 'gitlab':
      return await asking(
        outgoing,
        one.settings.url,
        signal,
      )(['api', 'v4', 'projects', one.settings.project], {
        'private-token': one.secrets.token,
      })
    case 'servicenow':
      return await asking(outgoing, one.settings.url, signal)(
        ['api', 'now', 'table', one.settings.table],
        { authorization: basic(one.settings.user, one.secrets.password) },
        { sysparm_limit: '1' },
      )
    case 'pagerduty': {
      // Of a key that nobody has: PagerDuty looks at the routing key, and resolves nothing.
      const [messenger] = await messengers(deps as ActionDeps, scope, one.name)
      return await messenger!.resolve!('kanpeki-test', signal)
    }
    default:
      throw new KanpekiError('invalid_input', 'This kind of connection cannot be tested.')
  }
}

function asking(outgoing: Outgoing, base: string, signal: AbortSignal, redirect: 'follow' | 'manual' = 'manual'): Ask {
  return async (parts, headers, query = {}) => {
    const url = under(base, parts, query)
    const what: JsonCall = { method: 'GET', headers, signal }
    if (redirect === 'manual') return void (await callJson(outgoing, url, what))
    const reply = await outgoing.fetch(url, { headers, signal, maxBytes: 1024 * 1024 })
    if (!reply.ok && reply.status !== 404) throw new KanpekiError('service_refused', `${url.host} answered ${reply.status}.`)
  }
}

/** The files themselves belong to people who may not be there yet. */
async function seeFolder(pattern: string): Promise<void> {
  const folder = dirname(pattern.split('%u', 1)[0]!.replace(/[^/]*$/, 'x'))
  try {
    await access(folder, constants.R_OK | constants.X_OK)
  } catch {
    throw new KanpekiError('not_found', `${folder} cannot be read.`, { remedy: 'Look at the path of this connection.' })
  }
}
