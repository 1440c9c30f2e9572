import { execFile } from 'node:child_process'
import { readFile, stat } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { promisify } from 'node:util'
import { freeBytes, LEAST_FREE_BYTES } from '../readiness.ts'
import { type DoctorCheck, fail, pass, unknown } from './check.ts'

const LEAST_NODE = 24
const GIB = 1024 ** 3
/** Below this there is no room for a day of events of a small team, nor for a backup beside them. */
const SCARCE_BYTES = 5 * GIB
/** The server's own processes besides the lake's `memory`. */
const SERVER_BYTES = 700 * 1024 ** 2
const COMMAND_LIMIT_MS = 5000

export const nodeVersion: DoctorCheck = {
  id: 'node',
  title: { en: 'Node.js', ja: 'Node.js' },
  async run() {
    const { node } = process.versions
    if (Number.parseInt(node, 10) >= LEAST_NODE) return pass(`Node.js ${node}.`, `Node.js ${node} です。`)
    return fail(
      { en: `Node.js ${node} is too old.`, ja: `Node.js ${node} は古すぎます。` },
      {
        en: 'Start it through ./kanpeki, which brings its own Node.js.',
        ja: '専用の Node.js を用意する ./kanpeki から起動してください。',
      },
    )
  },
}

export const disk: DoctorCheck = {
  id: 'disk',
  title: { en: 'Free disk', ja: 'ディスクの空き' },
  async run({ dir, started }) {
    const free = await freeBytes(started ? dir.root : '.')
    const text = `${(free / GIB).toFixed(1)} GiB`
    const remedy = {
      en: 'Free some space or move the data folder to a larger disk.',
      ja: '空きを増やすか、データフォルダーを大きなディスクへ移してください。',
    }
    if (free < LEAST_FREE_BYTES)
      return fail(
        {
          en: `Only ${text} are free; Kanpeki is not ready below 0.5 GiB.`,
          ja: `空きは ${text} だけです。0.5 GiB を下回ると受け付けられません。`,
        },
        remedy,
      )
    if (free < SCARCE_BYTES)
      return unknown(
        { en: `${text} are free, which may not last.`, ja: `空きは ${text} で、長くはもたないかもしれません。` },
        remedy,
      )
    return pass(`${text} are free.`, `空きは ${text} です。`)
  },
}

export const memory: DoctorCheck = {
  id: 'memory',
  title: { en: 'Memory limit', ja: 'メモリーの上限' },
  async run({ config }) {
    const needed = config.values.memory + SERVER_BYTES
    const limit = Math.min(totalmem(), await cgroupLimit())
    const [has, wants] = [`${(limit / GIB).toFixed(1)} GiB`, `${(needed / GIB).toFixed(1)} GiB`]
    if (limit >= needed)
      return pass(`${has} may be used; about ${wants} are needed.`, `使えるのは ${has}、必要なのは約 ${wants} です。`)
    return fail(
      { en: `Only ${has} may be used, and about ${wants} are needed.`, ja: `使えるのは ${has} だけで、約 ${wants} が必要です。` },
      {
        en: 'Raise the limit (MemoryMax= of the unit), or give the lake less with --memory.',
        ja: '上限（ユニットの MemoryMax=）を上げるか、--memory を小さくしてください。',
      },
    )
  },
}

/** cgroup v2: the smallest limit on the way up is what counts; our own is enough to warn. */
async function cgroupLimit(): Promise<number> {
  const own = /^0::(\S+)$/m.exec(await readFile('/proc/self/cgroup', 'utf8').catch(() => ''))?.[1]
  const text = own === undefined ? '' : await readFile(`/sys/fs/cgroup${own}/memory.max`, 'utf8').catch(() => '')
  const limit = Number(text.trim())
  return text.trim() !== '' && Number.isFinite(limit) ? limit : Number.POSITIVE_INFINITY
}

export const clock: DoctorCheck = {
  id: 'clock',
  title: { en: 'Clock', ja: '時計' },
  async run({ dir, now }) {
    const touched = await newest([`${dir.ledger}/checkpoint`, dir.state])
    if (touched > now + 60_000) {
      return fail(
        { en: 'The clock is behind files that Kanpeki wrote.', ja: '時計が、Kanpeki の書いたファイルより遅れています。' },
        {
          en: 'Set the clock, and keep it by NTP: evidence is only as good as its times.',
          ja: '時刻を合わせ、NTP で保ってください。証拠の価値は時刻の正しさで決まります。',
        },
      )
    }
    const { stdout } = await run('timedatectl', ['show', '--property=NTPSynchronized', '--value'])
    if (stdout.trim() === 'yes') return pass('Kept by NTP.', 'NTP で同期しています。')
    return unknown(
      {
        en: 'Nothing contradicts the clock, and nothing confirms that it is kept by NTP.',
        ja: '時計と矛盾するものはありませんが、NTP での同期は確かめられません。',
      },
      {
        en: 'Enable systemd-timesyncd or chrony, and look at: timedatectl',
        ja: 'systemd-timesyncd か chrony を有効にし、timedatectl で確かめてください。',
      },
    )
  },
}

async function newest(paths: readonly string[]): Promise<number> {
  const times = await Promise.all(
    paths.map((path) =>
      stat(path).then(
        ({ mtimeMs }) => mtimeMs,
        () => 0,
      ),
    ),
  )
  return Math.max(...times)
}

/** What the unit in deploy/ sets, as `systemctl show` names it. */
const HARDENED: Readonly<Record<string, string>> = {
  NoNewPrivileges: 'yes',
  ProtectSystem: 'strict',
  PrivateTmp: 'yes',
  ProtectHome: 'yes',
}

export const unit: DoctorCheck = {
  id: 'unit',
  title: { en: 'Service sandbox', ja: 'サービスの隔離' },
  async run() {
    const properties = ['LoadState', ...Object.keys(HARDENED)]
    const { stdout } = await run('systemctl', ['show', 'kanpeki.service', `--property=${properties.join(',')}`])
    const found = new Map(stdout.split('\n').map((line) => line.split('=', 2) as [string, string]))
    const remedy = {
      en: 'Install deploy/kanpeki.service (docs/operations.md says how).',
      ja: 'deploy/kanpeki.service を使ってください（手順は docs/operations.ja.md）。',
    }
    if (found.get('LoadState') !== 'loaded')
      return unknown(
        { en: 'There is no systemd service kanpeki.service here.', ja: 'systemd のサービス kanpeki.service はありません。' },
        remedy,
      )
    const missing = Object.entries(HARDENED).filter(([key, value]) => found.get(key) !== value)
    if (missing.length === 0) return pass('kanpeki.service runs in its sandbox.', 'kanpeki.service は隔離されています。')
    const words = missing.map(([key, value]) => `${key}=${value}`).join(', ')
    return fail({ en: `kanpeki.service lacks ${words}.`, ja: `kanpeki.service に ${words} がありません。` }, remedy)
  },
}

async function run(program: string, args: readonly string[]): Promise<{ readonly stdout: string }> {
  try {
    return await promisify(execFile)(program, args, { timeout: COMMAND_LIMIT_MS, env: { ...process.env, LC_ALL: 'C' } })
  } catch {
    return { stdout: '' }
  }
}
