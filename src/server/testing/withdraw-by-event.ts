import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AccessTables } from '../../access/tables.ts'
import { createToken } from '../../access/tokens.ts'
import { cardById } from '../../declare/queries.ts'
import type { DeclareTables } from '../../declare/tables.ts'
import { signCard } from '../../declare/versions.ts'
import { readConfig } from '../../platform/config.ts'
import { createLog } from '../../platform/log.ts'
import { testCaller } from '../../platform/testing/caller.ts'
import { serve } from '../serve.ts'

interface PublicBadge {
  readonly state: string
  readonly reason: string | null
  readonly since: string
}

/** How long anything here may take before it is given up, milliseconds. */
const PATIENCE_MS = 30_000

/**
 * From an event at the door to the badge on other people's pages, with the real lake, writer and clock: a card that forbids an
 * event is signed and earns its badge, the event is sent, and nobody asks for an evaluation.
 * @returns when the event was sent, how many milliseconds later the public badge said so, and what it said.
 */
export async function withdrawByEvent(): Promise<{
  readonly sent: number
  readonly tookMs: number
  readonly badge: PublicBadge
}> {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-withdrawal-'))
  const cards = join(folder, 'cards')
  mkdirSync(cards)
  writeFileSync(join(cards, 'vault.yml'), card('vault'))
  const config = readConfig(join(folder, 'data'), { port: '0' }, {})
  const kanpeki = await serve(config, createLog({ write: () => {}, pretty: false, now: Date.now }), { cards: [cards] })
  try {
    const { state } = kanpeki.services
    const request = { scope: 'default', name: 'vault', grant: 'ingest' as const, owner: null }
    const { token } = await createToken(state.tables<AccessTables>(), request, Date.now())
    const send = async (event: object): Promise<void> => {
      const reply = await fetch(`${kanpeki.url}/api/v1/ingest/vault`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: `${JSON.stringify(event)}\n`,
      })
      if (!reply.ok) throw new Error(`the event was answered ${reply.status}`)
    }
    const until = async (wanted: string): Promise<PublicBadge> => {
      const begun = Date.now()
      for (;;) {
        const badge = (await (await fetch(`${kanpeki.url}/public/cards/vault/badge.json`)).json()) as PublicBadge
        if (badge.state === wanted) return badge
        if (Date.now() - begun > PATIENCE_MS) throw new Error(`the badge is ${badge.state}, not ${wanted}: ${badge.reason}`)
        await sleep(20)
      }
    }
    await send({ event: { code: '4624' }, message: 'somebody signed in' })
    const { hash } = (await cardById(state.tables<DeclareTables>(), 'vault'))!
    const sato = testCaller({ id: 'sato', name: 'sato', account: 'sato', roles: ['administrator'] })
    await state.transaction<DeclareTables, void>((trx) => signCard(trx, 'vault', hash, sato, Date.now()))
    await until('held')
    const sent = Date.now()
    await send({ event: { code: '1102' }, winlog: { channel: 'Security' }, message: 'the audit log was cleared' })
    const badge = await until('withdrawn')
    return { sent, tookMs: Date.now() - sent, badge }
  } finally {
    await kanpeki.stop()
    rmSync(folder, { recursive: true })
  }
}

function card(id: string): string {
  return `id: ${id}
version: 2026.11.01
name: { en: Vault, ja: 金庫 }
owner: sato
approvers: ["@admin"]
scope: { description: { en: The vault, ja: 金庫 } }
threats: { in: [{ en: Outsiders, ja: 外部の攻撃者 }] }
forbidden:
  - { id: log-cleared, title: { en: Log cleared, ja: ログ消去 }, query: "event.code:1102", window: P30D, maxEvidenceAge: P1D }
period: P1D
validity: { from: 2026-11-01, until: 2099-01-01 }
nextReview: 2099-01-01
withdrawal: [{ on: unmet, periods: 1 }]
`
}
