import { z } from 'zod'
import { perMinute, port, type Setting } from './setting.ts'

/** Where Kanpeki is reached, by people and by senders. */
export const DOORS = {
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
} as const satisfies Record<string, Setting>
