import type { ActionTarget } from '../../kernel/action.ts'
import { networkOf } from './language/network.ts'
import type { GuardSettings, Limit } from './schema.ts'

/** Until somebody says otherwise: no address that is not public, and no more than what one person could look through. */
export const DEFAULT_GUARDS: GuardSettings = {
  never: {
    networks: [
      '0.0.0.0/8',
      '10.0.0.0/8',
      '100.64.0.0/10',
      '127.0.0.0/8',
      '169.254.0.0/16',
      '172.16.0.0/12',
      '192.168.0.0/16',
      '224.0.0.0/4',
      '240.0.0.0/4',
      '::/128',
      '::1/128',
      'fc00::/7',
      'fe80::/10',
      'ff00::/8',
    ],
    hosts: [],
    accounts: ['root', 'administrator'],
  },
  limits: {
    run: { address: 20, account: 5, host: 3, process: 20, file: 50, session: 20, secret: 5 },
    hour: { address: 200, account: 20, host: 5, process: 100, file: 200, session: 100, secret: 20 },
  },
}

/** The first target that is never acted upon, and what says so. */
export function protectedTarget(
  targets: readonly ActionTarget[],
  { never }: GuardSettings,
): { readonly target: ActionTarget; readonly by: string } | undefined {
  for (const target of targets) {
    const by = protectedBy(target, never)
    if (by !== undefined) return { target, by }
  }
  return undefined
}

function protectedBy({ kind, name, also = [], on = [] }: ActionTarget, never: GuardSettings['never']): string | undefined {
  const names = [name, ...also]
  const byNetwork = kind === 'address' || kind === 'host' ? never.networks.find((one) => overlaps(one, name)) : undefined
  const byAccount =
    kind === 'account' || kind === 'session'
      ? never.accounts.find((one) => names.some((each) => like(one, each) || like(one, localPart(each))))
      : undefined
  const hosts = kind === 'host' ? [...names, ...on] : on
  const byHost = never.hosts.find((one) => hosts.some((each) => like(one, each) || like(one, each.split('.', 1)[0]!)))
  return byNetwork ?? byAccount ?? byHost
}

/** A network that holds one of ours is as bad as one of ours; what is no address at all is refused by the action. */
function overlaps(one: string, other: string): boolean {
  const [a, b] = [networkOf(one), networkOf(other)]
  if (a === undefined || b === undefined || a.width !== b.width) return false
  const shift = BigInt(a.width - Math.min(a.bits, b.bits))
  return a.value >> shift === b.value >> shift
}

/** `DOMAIN\name`, `name@domain` and `uid=name,ou=…` are the same account as far as protection goes. */
function localPart(name: string): string {
  const dn = /^(?:uid|cn|samaccountname)=([^,]+)/i.exec(name)
  return (dn?.[1] ?? name.slice(name.indexOf('\\') + 1)).split('@', 1)[0]!
}

/** As directories compare names (RFC 4518): neither case nor full-width forms make another account. */
const prepared = (text: string): string => text.normalize('NFKC').toLowerCase().trim()

function like(pattern: string, name: string): boolean {
  const parts = prepared(pattern).split('*')
  const text = prepared(name)
  if (parts.length === 1) return parts[0] === text
  if (!text.startsWith(parts[0]!) || !text.endsWith(parts.at(-1)!)) return false
  let at = parts[0]!.length
  for (const part of parts.slice(1, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= text.length - parts.at(-1)!.length
}

/** The lower of two limits, kind by kind. */
export function tighter(one: Limit, other: Limit): Limit {
  const kinds = new Set([...Object.keys(one), ...Object.keys(other)]) as Set<keyof Limit>
  return Object.fromEntries(
    [...kinds].map((kind) => [kind, Math.min(one[kind] ?? Number.POSITIVE_INFINITY, other[kind] ?? Number.POSITIVE_INFINITY)]),
  ) as Limit
}

/**
 * Whether acting upon these targets besides those already acted upon goes beyond a limit.
 * @param before targets so far, each once.
 */
export function overLimit(
  targets: readonly ActionTarget[],
  before: readonly { readonly kind: string; readonly name: string }[],
  limit: Limit,
): { readonly kind: string; readonly most: number } | undefined {
  for (const [kind, most] of Object.entries(limit)) {
    const all = new Set(before.filter((one) => one.kind === kind).map(({ name }) => name))
    const more = targets.filter((one) => one.kind === kind && !all.has(one.name))
    for (const { name } of more) all.add(name)
    if (more.length > 0 && all.size > most) return { kind, most }
  }
  return undefined
}
