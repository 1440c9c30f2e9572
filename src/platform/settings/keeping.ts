import { z } from 'zod'
import { bytes, days, type Setting } from './setting.ts'

/** Where things are kept, for how long, and under which key. */
export const KEEPING = {
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
} as const satisfies Record<string, Setting>
