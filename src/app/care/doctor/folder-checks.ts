import { X509Certificate } from 'node:crypto'
import { existsSync } from 'node:fs'
import { access, constants, readdir, readFile, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { messageOf } from '../../../kernel/error.ts'
import { openSealer } from '../../../platform/secrets/open-sealer.ts'
import { sealKeySource } from '../../../platform/secrets/seal-keys.ts'
import { usesTls } from '../../../platform/tls/uses-tls.ts'
import { type DoctorCheck, fail, NOT_STARTED, pass, unknown } from './check.ts'

const DAY_MS = 86_400_000
/** Our own certificate renews itself well before; one that was given must be renewed by its owner. */
const SOON_MS = 14 * DAY_MS

export const permissions: DoctorCheck = {
  id: 'permissions',
  title: { en: 'Folder permissions', ja: 'フォルダーの権限' },
  async run({ dir, started }) {
    if (!started) return NOT_STARTED
    const keys = (await readdir(dir.keys).catch(() => []))
      .filter((name) => !name.endsWith('.pem'))
      .map((name) => join(dir.keys, name))
    const open: string[] = []
    for (const path of [dir.root, dir.keys, dir.state, ...keys]) {
      const found = await stat(path).catch(() => undefined)
      // Below a folder that only its owner can enter, the modes of files do not matter; keys are checked all the same.
      if (found !== undefined && (found.mode & 0o077) !== 0) open.push(path)
    }
    if (open.length === 0) return pass('Only its owner can read it.', '所有者だけが読めます。')
    return fail(
      {
        en: `Others on this machine can read ${open.join(', ')}.`,
        ja: `この機器のほかの利用者が ${open.join('、')} を読めます。`,
      },
      { en: `Run: chmod -R go= ${dir.root}`, ja: `実行してください: chmod -R go= ${dir.root}` },
    )
  },
}

export const sealKey: DoctorCheck = {
  id: 'seal-key',
  title: { en: 'Seal key', ja: '封印鍵' },
  async run({ dir, config, environment }) {
    if (!existsSync(join(dir.keys, 'seal.check'))) return NOT_STARTED
    const source = sealKeySource(dir.keys, config.values, environment)
    try {
      const { keyId } = await openSealer(dir.keys, source)
      if (source.kind !== 'file' || dirname(source.path) !== dir.keys)
        return pass(`The key ${keyId} opens the secrets.`, `鍵 ${keyId} で秘密を開けます。`)
      return unknown(
        {
          en: `The key ${keyId} opens the secrets, and lies beside them.`,
          ja: `鍵 ${keyId} で秘密を開けますが、鍵が秘密と同じ場所にあります。`,
        },
        {
          en: 'Keep it elsewhere (seal-key-file, KANPEKI_SEAL_KEY or a KMS), and a copy of it away from the backups.',
          ja: '別の場所（seal-key-file、KANPEKI_SEAL_KEY、KMS）に置き、写しをバックアップとは別に保管してください。',
        },
      )
    } catch (error) {
      return fail(
        { en: `The secrets cannot be opened: ${messageOf(error)}`, ja: `秘密を開けません: ${messageOf(error)}` },
        {
          en: 'Give the key that sealed them; nothing starts without it.',
          ja: '封印に使った鍵を与えてください。これがないと起動しません。',
        },
      )
    }
  },
}

export const certificate: DoctorCheck = {
  id: 'tls',
  title: { en: 'TLS certificate', ja: 'TLS 証明書' },
  async run({ dir, config, now }) {
    try {
      if (!usesTls(config.values)) return pass('Loopback only: no TLS is needed.', 'ループバックのみのため TLS は不要です。')
    } catch (error) {
      return fail(
        { en: messageOf(error), ja: messageOf(error) },
        { en: 'Leave out tls: off.', ja: 'tls: off を外してください。' },
      )
    }
    const given = config.values['tls-cert']
    const text = await readFile(given ?? join(dir.keys, 'tls-served.pem'), 'utf8').catch(() => undefined)
    if (text === undefined) {
      if (given === null) return NOT_STARTED
      return fail(
        { en: `${given} cannot be read.`, ja: `${given} を読めません。` },
        { en: 'See tls-cert in the settings.', ja: '設定 tls-cert を確かめてください。' },
      )
    }
    const until = new X509Certificate(text).validToDate.getTime()
    const day = new Date(until).toISOString().slice(0, 10)
    if (until - now > SOON_MS) return pass(`Valid until ${day}.`, `${day} まで有効です。`)
    return fail(
      {
        en: until < now ? `It ended on ${day}.` : `It ends soon, on ${day}.`,
        ja: until < now ? `${day} に期限が切れました。` : `まもなく ${day} に期限が切れます。`,
      },
      { en: 'Renew it; the server takes a new file by itself.', ja: '更新してください。新しいファイルは自動で読み込まれます。' },
    )
  },
}

export const ports: DoctorCheck = {
  id: 'ports',
  title: { en: 'Ports', ja: 'ポート' },
  async run({ config, server }) {
    if (server !== undefined) return pass(`The server listens at ${server.url}.`, `サーバーが ${server.url} で待ち受けています。`)
    const { host, port, 'compat-port': compatPort, 'syslog-host': syslogHost, 'syslog-port': syslogPort } = config.values
    const { 'gelf-host': gelfHost, 'gelf-port': gelfPort } = config.values
    const { 'syslog-tls-host': secureHost, 'syslog-tls-port': securePort } = config.values
    const wanted: readonly (readonly [string, number])[] = [
      [host, port],
      ...(compatPort === null ? [] : [[host, compatPort] as const]),
      ...(gelfPort === null ? [] : [[gelfHost, gelfPort] as const]),
      ...(syslogPort === null ? [] : [[syslogHost, syslogPort] as const]),
      ...(securePort === null ? [] : [[secureHost ?? host, securePort] as const]),
    ]
    const faults = (await Promise.all(wanted.map(([address, number]) => cannotListen(address, number)))).filter(
      (fault) => fault !== undefined,
    )
    if (faults.length === 0) return pass('Free.', '空いています。')
    return fail(
      { en: `Cannot listen: ${faults.join(', ')}.`, ja: `待ち受けられません: ${faults.join('、')}。` },
      {
        en: 'End what uses the port, or choose another with --port.',
        ja: 'そのポートを使うものを止めるか、--port で別のものを選んでください。',
      },
    )
  },
}

function cannotListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', (error) => resolve(messageOf(error)))
    server.listen(port, host, () => server.close(() => resolve(undefined)))
  })
}

export const witness: DoctorCheck = {
  id: 'witness',
  title: { en: 'Witness', ja: '証人' },
  async run({ config }) {
    const place = config.values.witness
    if (place === null) {
      return unknown(
        {
          en: 'No checkpoint leaves this machine: whoever owns it could rewrite the ledger unseen.',
          ja: 'チェックポイントがこの機器の外に出ていません。機器を握った者は気づかれずに台帳を書き換えられます。',
        },
        { en: 'Set witness to a file on another machine.', ja: '設定 witness に、別の機器にあるファイルを指定してください。' },
      )
    }
    const target = existsSync(place) ? place : dirname(place)
    try {
      await access(target, constants.W_OK)
      return pass(`${place} can be written.`, `${place} に書けます。`)
    } catch (error) {
      return fail(
        { en: `${place} cannot be written: ${messageOf(error)}.`, ja: `${place} に書けません: ${messageOf(error)}。` },
        {
          en: 'Mount it, or give the user of Kanpeki the right to write it.',
          ja: 'マウントするか、Kanpeki の利用者に書き込みを許してください。',
        },
      )
    }
  },
}
