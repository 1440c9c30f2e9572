import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { countPeople } from '../access/queries.ts'
import type { AccessTables } from '../access/tables.ts'
import { createToken } from '../access/tokens.ts'
import { readStoryTexts, type StoryTexts } from '../app/demo/acts.ts'
import { type SendLines, sendStory } from '../app/demo/send-story.ts'
import { story } from '../app/demo/story.ts'
import { TEST_SCENARIOS } from '../app/demo/test-attack.ts'
import { CONTENT } from '../app/places.ts'
import { badgeOf } from '../declare/badge.ts'
import { allCards } from '../declare/queries.ts'
import type { DeclareTables } from '../declare/tables.ts'
import { signCard } from '../declare/versions.ts'
import { KanpekiError } from '../kernel/error.ts'
import { DEFAULT_SCOPE } from '../kernel/event.ts'
import type { BadgeState } from '../kernel/measure.ts'
import { runningServer } from '../platform/data-dir.ts'
import { PERMISSIONS } from '../platform/http/route.ts'
import { type Kanpeki, serve } from '../server/serve.ts'
import { EXIT, guarded } from './options.ts'
import { type ServerRef, send } from './request.ts'
import { terminalLog } from './terminal-log.ts'
import { announce, untilStopped, upOptions } from './up.ts'

const USAGE = `Usage: kanpeki demo [--fast] [--exit] [--data DIR] [--port N] [--json]
  Starts the server and replays a break-in at a small shop through its own ingest path, over HTTP.
  --fast   nine minutes in nine seconds
  --exit   stop when the story has ended
  --data DIR, --port N, --json   as for 'up' (data in ./data-demo)`

const FAST = 60
const SEED = 7
/** The card in content/demo/declarations that is held at the beginning and withdrawn in the story. */
const CARD = 'sakura-shop'
const HELD_FOR_MS = { fast: 3_000, human: 15_000 } as const
const WAIT_FOR_PERSON_MS = 120_000

const STATE_JA: Readonly<Record<BadgeState, string>> = {
  held: '有効',
  'at-risk': '要注意',
  withdrawn: '撤回',
  expired: '期限切れ',
  draft: '未署名',
}

/** The terminal speaks Japanese where the system does. */
const JAPANESE = /^ja/i.test(process.env['LC_ALL'] ?? process.env['LC_MESSAGES'] ?? process.env['LANG'] ?? '')

function say(both: { readonly en: string; readonly ja: string }): void {
  process.stderr.write(`${JAPANESE ? both.ja : both.en}\n`)
}

function sender(server: ServerRef, token: string): SendLines {
  return async (source, lines) => {
    const { status, text } = await send(server, `/api/v1/ingest/demo-${source}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: `${lines.join('\n')}\n`,
    })
    if (status !== 200) throw new KanpekiError('demo', `The server answered ${status} to the demo: ${text}`)
  }
}

/** Signs the demo's own card as an invented administrator: only ever in the demo's own data folder. */
async function signDemoCard({ services, declaring }: Kanpeki): Promise<void> {
  const { state, clock } = services
  const signer = {
    id: 'demo',
    name: 'demo',
    account: null,
    kind: 'person',
    roles: ['administrator'],
    scope: DEFAULT_SCOPE,
    permissions: new Set(PERMISSIONS),
  } as const
  const [card] = (await allCards(state.tables<DeclareTables>())).filter((one) => one.id === CARD)
  if (card !== undefined) {
    await state.transaction<DeclareTables, void>(async (trx) => {
      try {
        await signCard(trx, card.id, card.hash, signer, clock.now())
      } catch (error) {
        // A second demo on the same folder finds its signature there.
        if (!(error instanceof KanpekiError && error.code === 'conflict')) throw error
      }
    })
  }
  await declaring.evaluate()
}

async function sayBadge({ services, declaring }: Kanpeki): Promise<void> {
  const { state, clock, ledger } = services
  const db = state.tables<DeclareTables>()
  const measures = new Map(declaring.measures.map((measure) => [measure.id, measure]))
  const head = async (): Promise<{ size: number; root: string }> => ({ size: ledger.head.size, root: '' })
  const badge = await badgeOf(db, CARD, JAPANESE ? 'ja' : 'en', measures, head, clock.now())
  const reason = badge.reason === null ? '' : ` ${badge.reason}`
  say({
    en: `  Badge of ${badge.name.en}: ${badge.state}.${reason}`,
    ja: `  「${badge.name.ja}」の印: ${STATE_JA[badge.state]}。${reason}`,
  })
}

async function waitForPerson(kanpeki: Kanpeki, stopped: () => boolean): Promise<void> {
  say({
    en: 'The story begins when you have set your password, or in two minutes.',
    ja: 'パスワードを設定すると物語が始まります（二分たつと自動で始まります）。',
  })
  const until = Date.now() + WAIT_FOR_PERSON_MS
  while (Date.now() < until && !stopped()) {
    if ((await countPeople(kanpeki.services.state.tables<AccessTables>())) > 0) return
    await pause(500)
  }
}

async function play(kanpeki: Kanpeki, fast: boolean, texts: StoryTexts, stopped: () => boolean): Promise<void> {
  const { services, declaring, selftest, url } = kanpeki
  const { token } = await createToken(
    services.state.tables<AccessTables>(),
    { scope: DEFAULT_SCOPE, name: 'demo', grant: 'ingest', owner: null },
    Date.now(),
  )
  const deliver = sender({ url, ...runningServer(services.dir), pinned: true }, token)
  const tell = (act: number): void => {
    const found = texts.acts.find((one) => one.id === act)
    if (found === undefined) return
    say({ en: `\n${act}. ${found.title.en}`, ja: `\n${act}. ${found.title.ja}` })
    say({ en: `   ${found.text.en}`, ja: `   ${found.text.ja}` })
  }
  tell(0)
  const ordinary = [...story(SEED + 1, { startMs: Date.now() - 9_000, speed: FAST })].filter((item) => item.act === 0)
  await sendStory(ordinary, deliver)
  await services.pipeline.ask({ kind: 'settled' })
  await selftest.execute(TEST_SCENARIOS)
  await signDemoCard(kanpeki)
  await sayBadge(kanpeki)
  if (!fast) await waitForPerson(kanpeki, stopped)
  await pause(fast ? HELD_FOR_MS.fast : HELD_FOR_MS.human)
  const speed = fast ? FAST : 1
  const begin = Date.now()
  const sent = await sendStory(story(SEED, { startMs: begin, speed }), deliver, {
    pace: { elapsed: () => Date.now() - begin, wait: (ms) => pause(ms) },
    onAct: tell,
    stopped,
  })
  await services.pipeline.ask({ kind: 'settled' })
  await declaring.evaluate()
  const total = sent + ordinary.length
  say({ en: `\nThe story has ended: ${total} records sent.`, ja: `\n物語は終わりました。送った記録は${total}件です。` })
  await sayBadge(kanpeki)
}

export function demoCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const fast = args.includes('--fast')
    const exit = args.includes('--exit')
    const rest = args.filter((arg) => arg !== '--fast' && arg !== '--exit')
    const options = upOptions(rest.includes('--data') ? rest : [...rest, '--data', './data-demo'], USAGE)
    if (options === undefined) return EXIT.ok
    const log = terminalLog()
    const kanpeki = await serve(options.config, log, {
      cards: [join(CONTENT, 'demo/declarations'), join(CONTENT, 'declarations')],
    })
    let stopped = false
    const ended = untilStopped(kanpeki, log).finally(() => {
      stopped = true
    })
    announce(kanpeki, options.json)
    const playing = play(kanpeki, fast, readStoryTexts(join(CONTENT, 'demo/story.yml')), () => stopped)
    if (!exit) {
      playing.catch((error: unknown) =>
        log.error('the story broke off', { reason: error instanceof Error ? error.message : String(error) }),
      )
      return await ended
    }
    await playing
    await kanpeki.stop()
    return EXIT.ok
  })
}
