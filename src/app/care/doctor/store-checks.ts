import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { KanpekiError, messageOf } from '../../../kernel/error.ts'
import type { Config } from '../../../platform/config.ts'
import type { DataDir } from '../../../platform/data-dir.ts'
import { connectLake, type LakeAddress } from '../../../platform/lake/connect.ts'
import { startEmbeddedLake } from '../../../platform/lake/embedded.ts'
import { openMender } from '../../../platform/lake/mend.ts'
import { settingsOf } from '../../../platform/state/settings.ts'
import { openState } from '../../../platform/state/state.ts'
import { diskFiles } from '../../../prove/files.ts'
import { loadTip } from '../../../prove/ledger-tip.ts'
import { parseVerifierKey } from '../../../prove/verify/note.ts'
import { brokenTiles } from '../../../prove/whole-tiles.ts'
import { migrations } from '../../migrations.ts'
import { statePlace } from '../../places.ts'
import { damageOf } from '../damage.ts'
import { LAST_BACKUP, type LastBackup } from '../make-backup.ts'
import { pendingSteps } from '../open-own-state.ts'
import { type Db, waitingEvidence } from '../queries.ts'
import { type DoctorCheck, type DoctorContext, type Finding, fail, NOT_STARTED, pass, unknown } from './check.ts'

const DAY_MS = 86_400_000
/** The mission's own objective: a backup is checked at most seven days ago. */
const BACKUP_AGE_MS = 7 * DAY_MS
/** The drain runs every second. */
const OUTBOX_AGE_MS = 60_000
/** A running server replaces the ledger's tip between two reads of it. */
const TRIES = 5
const TAKEN = 'data_in_use'
/** Of many files that are broken, so many are named. */
const NAMED = 10

export const state: DoctorCheck = {
  id: 'state',
  title: { en: 'State store', ja: '状態データベース' },
  async run({ config }) {
    const steps = await pendingSteps(config)
    if (steps === undefined) return NOT_STARTED
    if (steps.length > 0) {
      return fail(
        {
          en: `The schema is of an older version: ${steps.length} steps are missing.`,
          ja: `スキーマが古い版のままです（未適用 ${steps.length} 件）。`,
        },
        {
          en: 'Run kanpeki upgrade, or start this version; the state from before is kept.',
          ja: 'kanpeki upgrade を実行するか、この版で起動してください。前の状態は残されます。',
        },
      )
    }
    return await withState(config, async () =>
      pass('It opens, and its schema is of this version.', '開くことができ、スキーマはこの版のものです。'),
    )
  },
}

export const lake: DoctorCheck = {
  id: 'lake',
  title: { en: 'Event lake', ja: 'イベントの保存領域' },
  async run({ config, dir, server, ask, started }) {
    if (!started) return NOT_STARTED
    if (server !== undefined) return readyLake(server.url, await ask(server, '/readyz'))
    const { lake: url, memory } = config.values
    const engine = url === null ? await startEmbeddedLake({ folder: dir.lake, memory, log: () => {} }) : undefined
    try {
      const opened = await connectLake(engine?.address ?? { kind: 'cluster', url: url! }, {
        sealed: dir.sealed,
        patienceMs: 5000,
      })
      try {
        const { events } = await opened.stats()
        const wrong = engine === undefined ? undefined : await wrongInLake(config, dir, engine.address)
        return wrong ?? pass(`It answers, with ${events} events.`, `応答しています（イベント ${events} 件）。`)
      } finally {
        await opened.close()
      }
    } finally {
      await engine?.stop()
    }
  },
}

const REPAIR = {
  en: 'Run: kanpeki doctor --repair',
  ja: 'kanpeki doctor --repair を実行してください。',
}

/** What can be seen without reading every byte: hours that do not agree with the record, and sealed files that are not there. */
async function wrongInLake(config: Config, dir: DataDir, address: LakeAddress): Promise<Finding | undefined> {
  const steps = await pendingSteps(config)
  if (address.kind !== 'embedded' || steps === undefined || steps.length > 0) return undefined
  const state = await openState(statePlace(config), migrations)
  const mender = await openMender(address)
  try {
    const { hours, files: missing } = await damageOf(state, mender, dir.root)
    const named = hours.map(({ hour }) => new Date(hour).toISOString().slice(0, 13)).join(', ')
    if (hours.length > 0)
      return fail(
        {
          en: `In ${hours.length} hours the lake does not hold what the record says: ${named}.`,
          ja: `${hours.length} 時間分で、イベントの数が記録と合いません: ${named}`,
        },
        REPAIR,
      )
    if (missing.length === 0) return undefined
    return fail(
      {
        en: `${missing.length} sealed files are missing or cut off: ${missing.join(', ')}.`,
        ja: `封印済みファイル ${missing.length} 個が、ないか途中で切れています: ${missing.join('、')}`,
      },
      REPAIR,
    )
  } finally {
    await mender.close()
    await state.close()
  }
}

/** The running server holds the lake; only it can say. */
function readyLake(url: string, text: string | undefined): Finding {
  if (text === undefined)
    return unknown(
      { en: 'The running server does not say.', ja: '動作中のサーバーから確認できません。' },
      { en: `Look at ${url}/readyz.`, ja: `${url}/readyz を見てください。` },
    )
  if (!text.includes('lake_down')) return pass('The running server reaches it.', '動作中のサーバーから届いています。')
  return fail(
    { en: 'The running server cannot reach it.', ja: '動作中のサーバーから届きません。' },
    {
      en: 'See the log of the server; it starts the lake again by itself.',
      ja: 'サーバーのログを見てください。自動で再起動を試みています。',
    },
  )
}

export const ledger: DoctorCheck = {
  id: 'ledger',
  title: { en: 'Ledger', ja: '台帳' },
  async run({ dir, started }) {
    if (!started) return NOT_STARTED
    const key = parseVerifierKey((await readFile(join(dir.ledger, 'key'), 'utf8').catch(() => '')).trim())
    if (key === undefined)
      return fail(
        { en: 'ledger/key is missing, or is no key.', ja: 'ledger/key がないか、鍵ではありません。' },
        {
          en: 'Run kanpeki verify. Where the rest of the ledger folder is there, the next start writes the file anew; where it is not, restore the folder from a backup.',
          ja: 'kanpeki verify を実行してください。台帳フォルダーのほかのファイルが残っていれば、次の起動で作り直されます。なければ、バックアップからフォルダーを戻してください。',
        },
      )
    for (let tries = 1; ; tries++) {
      try {
        const { head } = await loadTip(diskFiles(dir.ledger), { verifier: key })
        const broken = await brokenTiles(dir.ledger, head.size)
        if (broken.length > 0) {
          const named = broken.slice(0, NAMED)
          return fail(
            {
              en: `${broken.length} of its files are missing or cut off: ${named.join(', ')}.`,
              ja: `台帳のファイル ${broken.length} 個が、ないか途中で切れています: ${named.join('、')}`,
            },
            {
              en: 'Run kanpeki verify, and put these files back from a backup.',
              ja: 'kanpeki verify を実行し、該当のファイルをバックアップから戻してください。',
            },
          )
        }
        return pass(
          `Its tip proves: ${head.size} entries. 'kanpeki verify' proves all of it.`,
          `末尾の検証に成功しました（${head.size} 件）。全体は kanpeki verify で検証できます。`,
        )
      } catch (error) {
        if (tries < TRIES) continue
        return fail(
          { en: messageOf(error), ja: `台帳の末尾が検証できません: ${messageOf(error)}` },
          {
            en: 'Run kanpeki verify, and restore the ledger folder from a backup.',
            ja: 'kanpeki verify を実行し、バックアップから台帳フォルダーを戻してください。',
          },
        )
      }
    }
  },
}

export const outbox: DoctorCheck = {
  id: 'outbox',
  title: { en: 'Evidence on its way', ja: '台帳へ向かう証拠' },
  async run({ config, server, now }) {
    return await withCurrentState(config, async (db) => {
      const { entries, oldest } = await waitingEvidence(db)
      if (entries === 0) return pass('Everything recorded is in the ledger.', '記録はすべて台帳に入っています。')
      const age = now - (oldest ?? now)
      if (server === undefined || age < OUTBOX_AGE_MS)
        return pass(`${entries} entries wait for the ledger.`, `${entries} 件が台帳を待っています。`)
      return fail(
        {
          en: `${entries} entries wait for the ledger, the oldest for ${Math.round(age / 1000)} s.`,
          ja: `${entries} 件が台帳を待ち、最古は ${Math.round(age / 1000)} 秒前です。`,
        },
        {
          en: 'See the log of the server for why the ledger does not grow.',
          ja: '台帳が伸びない理由をサーバーのログで確かめてください。',
        },
      )
    })
  },
}

export const backup: DoctorCheck = {
  id: 'backup',
  title: { en: 'Last backup', ja: '最後のバックアップ' },
  async run({ config, now }) {
    return await withCurrentState(config, async (_, get) => {
      const text = await get(LAST_BACKUP)
      const remedy = {
        en: 'Run kanpeki backup, best by a timer.',
        ja: 'kanpeki backup を実行してください。タイマーでの定期実行が最善です。',
      }
      if (text === undefined) return unknown({ en: 'None was made yet.', ja: 'まだ一度もありません。' }, remedy)
      const { made } = JSON.parse(text) as LastBackup
      const day = new Date(made).toISOString()
      if (now - made <= BACKUP_AGE_MS) return pass(`Made at ${day}.`, `${day} に作成しました。`)
      return fail({ en: `It is from ${day}, more than seven days ago.`, ja: `${day} のもので、7 日を過ぎています。` }, remedy)
    })
  },
}

async function withCurrentState(
  config: DoctorContext['config'],
  work: (db: Db, get: (key: string) => Promise<string | undefined>) => ReturnType<DoctorCheck['run']>,
): ReturnType<DoctorCheck['run']> {
  const steps = await pendingSteps(config)
  if (steps === undefined) return NOT_STARTED
  if (steps.length > 0)
    return unknown(
      { en: 'The schema is of an older version.', ja: 'スキーマが古い版のままです。' },
      { en: 'Run kanpeki upgrade first.', ja: '先に kanpeki upgrade を実行してください。' },
    )
  return await withState(config, work)
}

async function withState(
  config: DoctorContext['config'],
  work: (db: Db, get: (key: string) => Promise<string | undefined>) => ReturnType<DoctorCheck['run']>,
): ReturnType<DoctorCheck['run']> {
  const opened = await openState(statePlace(config), migrations)
  try {
    return await work(opened.tables() as Db, settingsOf(opened).get)
  } finally {
    await opened.close()
  }
}

/** A check that breaks is a finding too. */
export function broken(error: unknown) {
  const inUse = error instanceof KanpekiError && error.code === TAKEN
  const remedy =
    error instanceof KanpekiError && error.remedy !== undefined
      ? { en: error.remedy, ja: error.remedy }
      : { en: 'See the message.', ja: 'メッセージを確かめてください。' }
  const says = { en: messageOf(error), ja: `確認できません: ${messageOf(error)}` }
  return inUse ? unknown(says, remedy) : fail(says, remedy)
}
