import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { load } from 'js-yaml'
import { z } from 'zod'
import { KanpekiError, messageOf } from '../kernel/error.ts'

const port = z.coerce.number().int().min(0).max(65_535)
const perMinute = z.coerce.number().int().min(0).max(10_000_000)
const bytes = z.union([z.number().int().positive(), z.string().regex(/^\d+(\.\d+)?\s*(mb|gb|tb|m|g|t)$/i)]).transform((value) => {
  if (typeof value === 'number') return value
  const amount = Number.parseFloat(value)
  return Math.round(amount * 1024 ** (/t/i.test(value) ? 4 : /g/i.test(value) ? 3 : 2))
})

const HOURS = { m: 1 / 60, h: 1, d: 24 } as const
/** `30 m`, `12 h`, `7 d`; milliseconds inside. */
const duration = z
  .string()
  .regex(/^\d{1,4}\s*[mhd]$/)
  .transform((text) => Number.parseInt(text, 10) * HOURS[text.at(-1) as keyof typeof HOURS] * 3_600_000)
  .refine((value) => value > 0, 'must be longer than nothing')

const days = z.coerce.number().int().min(1).max(3650)

interface Setting {
  readonly schema: z.ZodType
  /** As it would stand in the file. */
  readonly fallback: unknown
  readonly meaning: { readonly en: string; readonly ja: string }
}

/** Every setting there is: what it means, its default, its form. Flags are `--key`, variables `KANPEKI_KEY`. */
const SETTINGS = {
  host: {
    schema: z.string().min(1),
    fallback: '127.0.0.1',
    meaning: {
      en: 'Address to listen on; 0.0.0.0 for all. Anything but loopback speaks TLS.',
      ja: '待ち受けるアドレス。0.0.0.0 ならすべて。ループバック以外では TLS を使います。',
    },
  },
  port: {
    schema: port,
    fallback: 7300,
    meaning: { en: 'HTTP port; 0 takes any free one.', ja: 'HTTP のポート。0 なら空きを選びます。' },
  },
  tls: {
    schema: z.enum(['auto', 'on', 'off']),
    fallback: 'auto',
    meaning: {
      en: 'auto: TLS unless the address is loopback and no certificate is given. on: always. off: refused on anything but loopback.',
      ja: 'auto: アドレスがループバックで証明書の指定もないとき以外は TLS。on: 常に TLS。off: ループバック以外では拒否します。',
    },
  },
  'tls-cert': {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: {
      en: 'PEM file with the server certificate and its chain; read again when it changes. By default Kanpeki makes one.',
      ja: 'サーバー証明書とチェーンの PEM ファイル。変わると自動で読み直します。既定では Kanpeki が証明書を作ります。',
    },
  },
  'tls-key': {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: { en: 'PEM file with the private key of tls-cert.', ja: 'tls-cert に対応する秘密鍵の PEM ファイル。' },
  },
  'tls-names': {
    schema: z.array(z.string().min(1)),
    fallback: [],
    meaning: {
      en: "Names people reach this server by, for the certificate that Kanpeki makes; the first is the one it prints. The host's own name and addresses are always in it.",
      ja: 'このサーバーに接続するときの名前。Kanpeki が作る証明書に入れ、先頭を URL に表示します。ホスト名とアドレスは常に含まれます。',
    },
  },
  'compat-port': {
    schema: port.nullable(),
    fallback: null,
    meaning: {
      en: 'Port of the compatibility listener, where senders made for Elasticsearch, Splunk, OpenTelemetry or Loki are answered as by those; none by default, 0 takes any free one. Same address and TLS as the HTTP port.',
      ja: '互換リスナーのポート。Elasticsearch・Splunk・OpenTelemetry・Loki 向けの送信側に、それぞれの製品と同じ応答を返します。既定では開きません。0 なら空きを選びます。アドレスと TLS は HTTP のポートと同じです。',
    },
  },
  'syslog-port': {
    schema: port.nullable(),
    fallback: null,
    meaning: {
      en: 'UDP and TCP port for syslog; none by default, 0 takes any free one.',
      ja: 'syslog の UDP・TCP ポート。既定では開きません。0 なら空きを選びます。',
    },
  },
  'syslog-host': {
    schema: z.string().min(1),
    fallback: '127.0.0.1',
    meaning: {
      en: 'Address for syslog. Anything but loopback takes plain text from the network: use it in a trusted segment only.',
      ja: 'syslog を受けるアドレス。ループバック以外では平文を受け取るため、信頼できる区画でのみ使ってください。',
    },
  },
  'syslog-tls-port': {
    schema: port.nullable(),
    fallback: null,
    meaning: {
      en: 'TCP port for syslog over TLS (RFC 5425), with the certificate of the HTTP port; none by default, 0 takes any free one.',
      ja: 'TLS で保護した syslog（RFC 5425）の TCP ポート。証明書は HTTP のポートと同じです。既定では開きません。0 なら空きを選びます。',
    },
  },
  'syslog-tls-host': {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: {
      en: 'Address for syslog over TLS; that of the HTTP port by default.',
      ja: 'TLS で保護した syslog を受けるアドレス。既定では HTTP のポートと同じです。',
    },
  },
  'syslog-tls-clients': {
    schema: z.enum(['optional', 'required']),
    fallback: 'optional',
    meaning: {
      en: 'Whether who sends syslog over TLS must show the certificate of a machine enrolled here. One that is shown must be good in either case.',
      ja: 'TLS で syslog を送る側に、ここで登録した機器の証明書の提示を必須とするか。提示された証明書は、どちらの設定でも検証します。',
    },
  },
  'selftest-every': {
    schema: duration.nullable(),
    fallback: '24 h',
    meaning: {
      en: 'How often scenarios are executed through the real ingest path, so that ATT&CK coverage is proven and not claimed; e.g. 12 h, 7 d. null never does it by itself.',
      ja: '攻撃シナリオを実際の収集経路で実行する間隔（例: 12 h、7 d）。ATT&CK の網羅率を実行で裏付けるためのもの。null なら自動では実行しません。',
    },
  },
  memory: {
    schema: bytes,
    fallback: '512 MB',
    meaning: {
      en: 'What the lake may use, e.g. 512 MB or 2 GB.',
      ja: 'イベントの保存エンジンが使えるメモリー（例: 512 MB、2 GB）。',
    },
  },
  state: {
    schema: z
      .string()
      .regex(/^postgres(ql)?:\/\//)
      .nullable(),
    fallback: null,
    meaning: {
      en: 'PostgreSQL URL for state; SQLite in the data folder by default.',
      ja: '状態を置く PostgreSQL の URL。既定はデータフォルダーの SQLite。',
    },
  },
  lake: {
    schema: z.url().nullable(),
    fallback: null,
    meaning: {
      en: 'ClickHouse URL for events; the embedded engine by default.',
      ja: 'イベントを置く ClickHouse の URL。既定は組み込みエンジン。',
    },
  },
  'backup-to': {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: {
      en: "Where 'kanpeki backup' puts its archives: a folder, or s3://BUCKET/PREFIX. The working folder by default.",
      ja: 'kanpeki backup の保存先。フォルダー、または s3://BUCKET/PREFIX。既定では作業フォルダー。',
    },
  },
  's3-endpoint': {
    schema: z.url({ protocol: /^https?$/ }).nullable(),
    fallback: null,
    meaning: {
      en: 'URL of an S3 server other than that of AWS. Plain HTTP on this machine only.',
      ja: 'AWS 以外の S3 サーバーの URL。平文の HTTP は同じ機器上に限ります。',
    },
  },
  's3-region': {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: {
      en: 'Region of the bucket; that of AWS_REGION by default.',
      ja: 'バケットのリージョン。既定では AWS_REGION の値。',
    },
  },
  'retention-days': {
    schema: days.nullable(),
    fallback: null,
    meaning: {
      en: 'Days that events are kept, counted from when they were received; null keeps them for ever. Legal holds go before it.',
      ja: 'イベントを保存する日数（受信時刻から）。null なら無期限。法的保全（リーガルホールド）の対象は消えません。',
    },
  },
  'retention-size': {
    schema: bytes.nullable(),
    fallback: null,
    meaning: {
      en: 'What the lake and its sealed files may take on disk together, e.g. 500 GB; the oldest hours go first. Null sets no quota.',
      ja: 'イベントの保存領域と封印済みファイルの合計の上限（例: 500 GB）。超えると古い時間帯から消します。null なら上限なし。',
    },
  },
  'retention-for': {
    schema: z.array(z.string().regex(/^(scope|source):.+=\d{1,4}$/, 'not like scope:NAME=DAYS or source:ID=DAYS')),
    fallback: [],
    meaning: {
      en: "Days for the events of single scopes or sources instead of retention-days: scope:team-a=30, source:http:web=14. A source's go before its scope's.",
      ja: 'スコープや収集元ごとに retention-days の代わりに使う日数（scope:team-a=30、source:http:web=14）。収集元の指定がスコープより優先します。',
    },
  },
  'retention-alert-days': {
    schema: days.nullable(),
    fallback: null,
    meaning: {
      en: 'Days that closed alerts are kept after their last change; open ones are never removed, and the ledger keeps what was decided. Null keeps them for ever.',
      ja: 'クローズしたアラートを最後の変更から保存する日数。未クローズのものは消えず、判断の記録は台帳に残ります。null なら無期限。',
    },
  },
  organisation: {
    schema: z.string().min(1).max(80),
    fallback: 'Kanpeki',
    meaning: { en: 'Your name on the console.', ja: 'コンソールに表示する組織名。' },
  },
  rules: {
    schema: z.array(z.string().min(1)),
    fallback: [],
    meaning: {
      en: 'More folders of Sigma rules, besides our own and data/rules.',
      ja: '付属ルールと data/rules のほかに読む Sigma ルールのフォルダー。',
    },
  },
  geoip: {
    schema: z.array(z.string().min(1)),
    fallback: [],
    meaning: {
      en: 'Databases of places and networks in MaxMind’s format (.mmdb), such as GeoLite2-City and GeoLite2-ASN; read again when they change. Where two know an address the first is believed.',
      ja: 'IP アドレスの所在地と AS のデータベース（MaxMind 形式 .mmdb、例: GeoLite2-City、GeoLite2-ASN）。変わると自動で読み直し、重なる項目は先のものを使います。',
    },
  },
  witness: {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: {
      en: 'File outside the data folder that gets every ledger checkpoint, best on another machine.',
      ja: '台帳のチェックポイントを書き足す、データフォルダーの外のファイル。別の機器に置くのが最善です。',
    },
  },
  witnesses: {
    schema: z.array(z.string().regex(/^https?:\/\/\S+\s+\S+\+[0-9a-f]{8}\+\S+$/, 'not like https://HOST/witness KEY')),
    fallback: [],
    meaning: {
      en: 'Other Kanpeki, or any witness by c2sp.org/tlog-witness, that cosign our ledger: address and key, e.g. https://siem.example.org/witness NAME+HASH+KEY.',
      ja: 'この台帳に連署する証人（ほかの Kanpeki、または c2sp.org/tlog-witness に従う証人）のアドレスと鍵（例: https://siem.example.org/witness 名前+ハッシュ+鍵）。',
    },
  },
  'witness-for': {
    schema: z.array(z.string().regex(/^\S+\+[0-9a-f]{8}\+\S+$/, 'not a key like NAME+HASH+KEY')),
    fallback: [],
    meaning: {
      en: 'Ledgers of others that we cosign, by their keys (GET /ledger/key), each only as the continuation of what we cosigned before.',
      ja: 'こちらが連署する相手の台帳の鍵（GET /ledger/key で得られます）。前回連署した内容の続きであるときだけ連署します。',
    },
  },
  'timestamp-authorities': {
    schema: z.array(z.string().regex(/^https?:\/\/\S+(\s+\S+)?$/, 'not like https://HOST/tsr CA-FILE')),
    fallback: [],
    meaning: {
      en: 'Time-stamping authorities (RFC 3161) that stamp the ledger’s checkpoints: address and, best, a PEM file with the certificate theirs must lead to, e.g. https://tsa.example.org/tsr /etc/kanpeki/tsa-ca.pem.',
      ja: '台帳のチェックポイントにタイムスタンプを発行する時刻認証局（RFC 3161）。アドレスと、できればその証明書の発行元の PEM ファイル（例: https://tsa.example.org/tsr /etc/kanpeki/tsa-ca.pem）。',
    },
  },
  'timestamp-every': {
    schema: duration,
    fallback: '1 h',
    meaning: {
      en: 'How often a checkpoint is time-stamped where the ledger has grown. Those that could not be sent wait in the data folder.',
      ja: '台帳に記録が増えているとき、チェックポイントにタイムスタンプを付ける間隔。送れなかったものはデータフォルダーに残り、後で送ります。',
    },
  },
  'artefacts-quota': {
    schema: bytes,
    fallback: '10 GB',
    meaning: {
      en: 'What artefacts that are kept as evidence (files, captures, screenshots, reports) may take on disk together.',
      ja: '証拠物件（ファイル、キャプチャ、スクリーンショット、報告書）全体で使えるディスク容量の上限。',
    },
  },
  'artefact-size': {
    schema: bytes,
    fallback: '1 GB',
    meaning: { en: 'What one such artefact may have.', ja: '証拠物件 1 点の大きさの上限。' },
  },
  'artefacts-sealed': {
    schema: z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')]),
    fallback: true,
    meaning: {
      en: 'Whether artefacts are sealed on disk with keys of their own; false keeps them plain, for other programs to read. Those there are stay as they are.',
      ja: '証拠物件を 1 点ごとの鍵で封印して保存するか。false なら平文のまま保存し、ほかのプログラムからも読めます。すでにあるものは変わりません。',
    },
  },
  'source-folders': {
    schema: z.array(z.string().min(1)),
    fallback: [],
    meaning: {
      en: "The only folders that file sources may read, e.g. /var/log; where none is named, everything that this process may read but Kanpeki's own files.",
      ja: 'ファイルの収集元として読み取ってよいフォルダー（例: /var/log）。指定がなければ、Kanpeki 自身のファイルを除き、このプロセスが読めるすべて。',
    },
  },
  'gelf-port': {
    schema: port.nullable(),
    fallback: null,
    meaning: {
      en: "UDP and TCP port for GELF, Graylog's log format; none by default, 0 takes any free one.",
      ja: 'GELF（Graylog のログ形式）の UDP・TCP ポート。既定では開きません。0 なら空きを選びます。',
    },
  },
  'gelf-host': {
    schema: z.string().min(1),
    fallback: '127.0.0.1',
    meaning: {
      en: 'Address for GELF. Anything but loopback takes plain text from the network: use it in a trusted segment only.',
      ja: 'GELF を受けるアドレス。ループバック以外では平文を受け取るため、信頼できる区画でのみ使ってください。',
    },
  },
  'seal-key-file': {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: {
      en: 'File with the key that seals stored secrets, best outside the data folder; keys/seal.key in it by default. The variable KANPEKI_SEAL_KEY (base64) goes before it.',
      ja: '保存する秘密を封印する鍵のファイル。データフォルダーの外が最善で、既定はその中の keys/seal.key。環境変数 KANPEKI_SEAL_KEY（base64）があればそちらを使います。',
    },
  },
  'seal-key-command': {
    schema: z.array(z.string().min(1)),
    fallback: [],
    meaning: {
      en: 'Program and arguments that print the seal key in base64, such as the client of a key management service. It is run without a shell and may take 10 s.',
      ja: '封印の鍵を base64 で出力するプログラムと引数（鍵管理サービスのクライアントなど）。シェルを介さずに実行し、制限は 10 秒です。',
    },
  },
  'public-url': {
    schema: z
      .url({ protocol: /^https?$/ })
      .transform((url) => new URL(url).origin)
      .nullable(),
    fallback: null,
    meaning: {
      en: 'Where people reach the console, e.g. https://siem.example.com; links and passkeys belong to it. By default the address that Kanpeki announces.',
      ja: 'コンソールの公開 URL（例: https://siem.example.com）。招待リンクやパスキーはこの URL に結び付きます。既定は Kanpeki が表示するアドレス。',
    },
  },
  'breached-passwords': {
    schema: z.string().min(1).nullable(),
    fallback: null,
    meaning: {
      en: 'File of breached passwords that nobody may set: SHA1:COUNT lines in the order of the hashes.',
      ja: '設定を禁じる漏えい済みパスワードの一覧ファイル（SHA1:件数 の行、ハッシュ順）。',
    },
  },
  'password-sign-in': {
    schema: z.enum(['allowed', 'break-glass']),
    fallback: 'allowed',
    meaning: {
      en: 'break-glass: passwords open break-glass accounts alone, and everybody else signs in through a provider or with a passkey. Make a break-glass account first.',
      ja: 'break-glass にすると、パスワードでサインインできるのは緊急用アカウントだけになり、ほかの人はシングルサインオンかパスキーを使います。先に緊急用アカウントを作ってください。',
    },
  },
  'second-factor': {
    schema: z.enum(['optional', 'administrators', 'required']),
    fallback: 'optional',
    meaning: {
      en: 'Who must set up a second factor before anything else is allowed: nobody, administrators, or everybody. Single sign-on and the emergency account are exempt.',
      ja: '二要素認証の設定を必須とする対象。optional: 任意、administrators: 管理者、required: 全員。シングルサインオンと緊急用アカウントは対象外です。',
    },
  },
  'session-idle': {
    schema: duration,
    fallback: '12 h',
    meaning: {
      en: 'After so long without use a session ends, e.g. 30 m.',
      ja: '操作がないままセッションが終わるまでの時間（例: 30 m）。',
    },
  },
  'session-life': {
    schema: duration,
    fallback: '7 d',
    meaning: { en: 'After so long a session ends in any case.', ja: '操作の有無によらずセッションが終わるまでの時間。' },
  },
  'outgoing-allow': {
    schema: z.array(z.string().min(1)),
    fallback: [],
    meaning: {
      en: 'Hosts, addresses and networks that Kanpeki may call although they are not on the public internet, such as an identity provider of your own.',
      ja: '公開インターネット上になくても Kanpeki から接続してよいホスト・アドレス・ネットワーク（社内の ID プロバイダーなど）。',
    },
  },
  'respond-programs': {
    schema: z.array(z.string().regex(/^\//)),
    fallback: [],
    meaning: {
      en: 'Programs, by their whole paths, that commands of type bash in playbooks may run, without a shell; none by default.',
      ja: 'プレイブックの bash コマンドから、シェルを介さずに実行を許可するプログラムの絶対パス（既定ではなし）。',
    },
  },
  'rate-strangers': {
    schema: perMinute,
    fallback: 1_200,
    meaning: {
      en: 'Requests a minute that one network may make without signing in; 0 for no limit. Behind a proxy all strangers are one network.',
      ja: 'サインインなしで 1 つのネットワークから受け付ける毎分のリクエスト数。0 は無制限。プロキシの背後では全員が 1 つのネットワークとみなされます。',
    },
  },
  'rate-callers': {
    schema: perMinute,
    fallback: 12_000,
    meaning: {
      en: 'Requests a minute that one person or token may make; 0 for no limit. Events sent in are not counted.',
      ja: '1 人または 1 つのトークンから受け付ける毎分のリクエスト数。0 は無制限。イベントの取り込みは数えません。',
    },
  },
  'security-contact': {
    schema: z.array(
      z.string().regex(/^(mailto:[^\s@]+@[^\s@]+|https:\/\/[^\s]+|tel:\+?[\d().-]+)$/, 'not a mailto:, https: or tel: URI'),
    ),
    fallback: [],
    meaning: {
      en: 'Whom to tell about a vulnerability of this installation, for security.txt: mailto:, https: or tel: URIs, the preferred one first.',
      ja: 'このサーバーの脆弱性の連絡先（security.txt に掲載）。mailto:・https:・tel: の URI を優先順に並べます。',
    },
  },
  'token-days': {
    schema: days.nullable(),
    fallback: 365,
    meaning: {
      en: 'Days a token lasts when its maker does not say; null for no end. Tokens that only send events have none, so that no events are lost.',
      ja: '作成時に指定がないときのトークンの有効日数。null なら無期限。取り込み専用のトークンは、イベントを失わないよう期限なしです。',
    },
  },
  'token-max-days': {
    schema: days.nullable(),
    fallback: null,
    meaning: {
      en: 'The most days any token may last, also one that only sends events; no limit by default.',
      ja: 'トークンの最長の有効日数。取り込み専用のトークンにも適用します。既定では制限しません。',
    },
  },
  log: {
    schema: z.enum(['auto', 'pretty', 'json']),
    fallback: 'auto',
    meaning: {
      en: 'Form of the log on standard error: pretty for people, json for programs (one object a line); auto is pretty on a terminal, json elsewhere.',
      ja: '標準エラー出力のログの形。pretty は人が読む行、json は 1 行 1 オブジェクト。auto は端末なら pretty、それ以外なら json。',
    },
  },
  zone: {
    schema: z.coerce.number().int().min(-840).max(840),
    fallback: 0,
    meaning: {
      en: 'Minutes east of UTC for log lines without a zone.',
      ja: '時差の書かれていないログ行に使う、UTC からの分（東が正）。',
    },
  },
} as const satisfies Record<string, Setting>

export type SettingKey = keyof typeof SETTINGS

/** Those that `kanpeki up` also takes as `--key VALUE`; the others are for the file and the environment. */
export const FLAG_SETTINGS = [
  'host',
  'port',
  'tls',
  'tls-cert',
  'tls-key',
  'compat-port',
  'syslog-port',
  'syslog-tls-port',
  'gelf-port',
  'memory',
  'log',
] as const satisfies readonly SettingKey[]
type Values = { readonly [K in SettingKey]: z.infer<(typeof SETTINGS)[K]['schema']> }

export interface ExplainedSetting {
  readonly key: SettingKey
  readonly value: unknown
  readonly from: 'flag' | 'environment' | 'file' | 'default'
  readonly fallback: unknown
  readonly meaning: { readonly en: string; readonly ja: string }
}

export interface Config {
  readonly data: string
  readonly values: Values
  readonly explained: readonly ExplainedSetting[]
}

export const CONFIG_FILE = 'kanpeki.yml'

function readFile(data: string): Record<string, unknown> {
  const file = join(data, CONFIG_FILE)
  if (!existsSync(file)) return {}
  let loaded: unknown
  try {
    loaded = load(readFileSync(file, 'utf8')) ?? {}
  } catch (error) {
    throw new KanpekiError('config', `The configuration is not YAML: ${messageOf(error).split('\n')[0]}.`, { place: { file } })
  }
  if (typeof loaded !== 'object' || loaded === null || Array.isArray(loaded))
    throw new KanpekiError('config', 'The configuration must be a map of settings.', { place: { file } })
  const unknown = Object.keys(loaded).find((key) => !Object.hasOwn(SETTINGS, key))
  if (unknown !== undefined) {
    throw new KanpekiError('config', `There is no setting '${unknown}'.`, {
      place: { file, field: unknown },
      remedy: `Known: ${Object.keys(SETTINGS).join(', ')}.`,
    })
  }
  return loaded as Record<string, unknown>
}

/**
 * Settings from flags, then `KANPEKI_*`, then `kanpeki.yml` in the data folder, then defaults.
 * @param flags only those that were given, by setting name.
 * @throws KanpekiError `config` with file or variable and field.
 */
export function readConfig(
  data: string,
  flags: Readonly<Partial<Record<SettingKey, string>>>,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const folder = resolve(data)
  const file = readFile(folder)
  const explained = (Object.keys(SETTINGS) as SettingKey[]).map((key): ExplainedSetting => {
    const { schema, fallback, meaning }: Setting = SETTINGS[key]
    const variable = `KANPEKI_${key.toUpperCase().replaceAll('-', '_')}`
    const given: readonly [ExplainedSetting['from'], unknown, string][] = [
      ['flag', flags[key], `--${key}`],
      ['environment', listed(key, environment[variable]), variable],
      ['file', file[key], `${join(folder, CONFIG_FILE)} ${key}`],
      ['default', fallback, key],
    ]
    const [from, value, place] = given.find(([, candidate]) => candidate !== undefined)!
    const parsed = schema.safeParse(value)
    if (!parsed.success) {
      throw new KanpekiError('config', `${place} is not valid: ${parsed.error.issues[0]?.message ?? 'wrong form'}.`, {
        remedy: meaning.en,
        place: { field: key },
      })
    }
    return { key, value: parsed.data, from, fallback, meaning }
  })
  return { data: folder, values: Object.fromEntries(explained.map(({ key, value }) => [key, value])) as Values, explained }
}

/** How a variable writes a list. */
const LIST_SEPARATORS: Readonly<Partial<Record<SettingKey, RegExp>>> = {
  rules: /:/,
  geoip: /:/,
  'source-folders': /:/,
  'retention-for': /[\s,]+/,
  'seal-key-command': /\s+/,
  'outgoing-allow': /[\s,]+/,
  'respond-programs': /[\s,]+/,
  'security-contact': /[\s,]+/,
  'tls-names': /[,\s]+/,
}

function listed(key: SettingKey, value: string | undefined): unknown {
  const separator = LIST_SEPARATORS[key]
  return value === undefined || separator === undefined ? value : value.split(separator).filter(Boolean)
}
