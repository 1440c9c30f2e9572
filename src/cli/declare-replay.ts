import { reasonOf } from '../declare/messages.ts'
import { type Replay, type ReplayEntry, replay } from '../declare/replay.ts'
import { KanpekiError } from '../kernel/error.ts'
import { readFolder } from '../prove/read-folder.ts'
import { openLogReader } from '../prove/read-log.ts'
import { parseEntry } from '../prove/verify/entry.ts'
import { languageOf } from './language.ts'
import { EXIT } from './options.ts'

export interface ReplayOptions {
  /** Only this card; all where absent. */
  readonly id: string | undefined
  /** A data directory, or a copy of it: only its ledger is read. */
  readonly data: string
  /** RFC 3339; now where absent. */
  readonly at: string | undefined
  readonly json: boolean
}

const TYPES: ReadonlySet<string> = new Set(['card', 'measure', 'evaluation', 'badge'])

/**
 * Judges the cards again from the ledger alone, as of any moment. Exit 0 if every recorded change of a badge follows from the
 * evidence before it, 1 if one does not or cannot be followed. Whether the ledger itself is whole is `kanpeki verify`'s to say.
 */
export async function declareReplay({ id, data, at, json }: ReplayOptions): Promise<number> {
  const moment = at === undefined ? Date.now() : Date.parse(at)
  if (Number.isNaN(moment))
    throw new KanpekiError('usage', `${JSON.stringify(at)} is no time.`, { remedy: 'Write it like 2026-11-22T09:00:00Z.' })
  const log = await openLogReader(readFolder(data))
  const entries: ReplayEntry[] = []
  for (let index = 0; index < log.checkpoint.size; index++) {
    const entry = parseEntry((await log.entry(index)) ?? new Uint8Array(0))
    if (typeof entry === 'string')
      throw new KanpekiError('ledger_damaged', `Entry ${index}: ${entry}.`, { remedy: 'Run kanpeki verify.' })
    const { type, scope, received, body } = entry
    if (TYPES.has(type) && (id === undefined || body['card'] === id)) entries.push({ type, scope, received, body, index })
  }
  const result = replay(entries, moment)
  if (id !== undefined && result.cards.length === 0)
    throw new KanpekiError('not_found', `The ledger holds no declaration ${id} at that time.`)
  process.stdout.write(json ? `${JSON.stringify(jsonOf(result, moment))}\n` : describe(result, moment))
  return isEqual(result) ? EXIT.ok : EXIT.failed
}

/** What could not be followed is not shown to be right. */
function isEqual({ changes, unclear }: Pick<Replay, 'changes' | 'unclear'>): boolean {
  return unclear.length === 0 && changes.every(({ differs }) => differs === undefined)
}

function jsonOf({ changes, evaluations, cards, unclear }: Replay, moment: number): object {
  return {
    ok: isEqual({ changes, unclear }),
    at: new Date(moment).toISOString(),
    changes,
    evaluations,
    unclear,
    cards: cards.map(({ card, scope, version, hash, evaluation: { state, since, reasons, weighed } }) => ({
      card,
      scope,
      version,
      hash,
      state,
      since: new Date(since).toISOString(),
      reasons: reasons.map(reasonOf),
      objectives: weighed.map(({ criterion, judged, taken }) => ({
        id: criterion.id,
        state: judged.state,
        value: taken?.value ?? null,
      })),
    })),
  }
}

function describe({ changes, cards, unclear }: Replay, moment: number): string {
  const words = languageOf(undefined) === 'ja' ? JA : EN
  const lines = [words.at(new Date(moment).toISOString())]
  for (const { card, version, evaluation } of cards) {
    const [reason] = evaluation.reasons.map(reasonOf)
    const said = reason === undefined ? '' : `  ${words === JA ? reason.text.ja : reason.text.en}`
    lines.push(
      `  ${card} ${version}: ${words.state[evaluation.state]}, ${words.since(new Date(evaluation.since).toISOString())}${said}`,
    )
  }
  for (const { card, index, at, from, to, differs } of changes) {
    const change = `${from === null ? '' : `${words.state[from]} → `}${words.state[to]}`
    if (differs !== undefined) lines.push(`  ✗ ${words.entry(index)} ${card} ${at} ${change}: ${differs}`)
  }
  const wrong = changes.filter(({ differs }) => differs !== undefined).length
  if (unclear.length > 0) lines.push(words.unclear(unclear.length, unclear[0]!.reason))
  const verdict = unclear.length > 0 ? words.partly : words.same
  lines.push(wrong === 0 ? verdict(changes.length) : words.wrong(wrong, changes.length))
  return `${lines.join('\n')}\n`
}

const EN = {
  state: { draft: 'draft', held: 'held', 'at-risk': 'at risk', withdrawn: 'withdrawn', expired: 'expired' },
  at: (time: string) => `As of ${time}, from the ledger alone:`,
  since: (time: string) => `since ${time}`,
  entry: (index: number) => `entry ${index}`,
  unclear: (count: number, reason: string) => `${count} entries could not be followed (${reason}).`,
  same: (count: number) => `REPLAYED. All ${count} recorded changes of badges follow from the evidence before them.`,
  partly: (count: number) =>
    `NOT SHOWN FOR ALL: the ${count} changes that could be followed do follow from the evidence before them.`,
  wrong: (count: number, all: number) =>
    `NOT EQUAL: ${count} of ${all} changes of badges do not follow from the evidence before them.`,
}

const JA: typeof EN = {
  state: { draft: '未署名', held: '有効', 'at-risk': '要注意', withdrawn: '撤回', expired: '失効' },
  at: (time) => `${time} 時点（台帳だけから再計算）：`,
  since: (time) => `${time} から`,
  entry: (index) => `記録${index}`,
  unclear: (count, reason) => `追跡できない記録が${count}件あります（${reason}）。`,
  same: (count) => `再現しました。記録された印の変化${count}件は、すべてそれ以前の証拠から導かれます。`,
  partly: (count) => `一部は示せません：追跡できた変化${count}件は、すべてそれ以前の証拠から導かれます。`,
  wrong: (count, all) => `一致しません：印の変化${all}件のうち${count}件が、それ以前の証拠から導かれません。`,
}
