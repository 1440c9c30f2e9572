import { z } from 'zod'
import { bytes, duration, type Setting, whole } from './setting.ts'

/** What Kanpeki reads, runs and calls. */
export const RUNNING = {
  organisation: {
    schema: z.string().min(1).max(80),
    fallback: 'Kanpeki',
    meaning: { en: 'Your name on the console.', ja: 'コンソールに表示する組織名。' },
  },
  memory: {
    schema: bytes,
    fallback: '512 MB',
    meaning: {
      en: 'What the lake may use, e.g. 512 MB or 2 GB.',
      ja: 'イベントの保存エンジンが使えるメモリー（例: 512 MB、2 GB）。',
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
    schema: whole(-840, 840),
    fallback: 0,
    meaning: {
      en: 'Minutes east of UTC for log lines without a zone.',
      ja: '時差の書かれていないログ行に使う、UTC からの分（東が正）。',
    },
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
  'source-folders': {
    schema: z.array(z.string().min(1)),
    fallback: [],
    meaning: {
      en: "The only folders that file sources may read, e.g. /var/log; where none is named, everything that this process may read but Kanpeki's own files.",
      ja: 'ファイルの収集元として読み取ってよいフォルダー（例: /var/log）。指定がなければ、Kanpeki 自身のファイルを除き、このプロセスが読めるすべて。',
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
} as const satisfies Record<string, Setting>
