import type { Addresses } from './addresses.ts'
import type { Shipper } from './schema.ts'
import { compatAddress, compatShippers, NOT_RUN } from './shippers-compat.ts'
import { daemonShippers } from './shippers-daemons.ts'

/** Settings to copy and paste, addresses filled in and `{{token}}` left to the reader. A test runs each `tested` one as it stands. */
export function shippers(addresses: Addresses): Shipper[] {
  const { url, syslog } = addresses
  const { hostname, port, protocol } = new URL(url)
  const https = protocol === 'https:'
  const httpPort = port === '' ? (https ? '443' : '80') : port
  const to = syslog ?? { host: hostname, port: 5514 }
  // Beats ask GET / who is there: on the main port that is the console.
  const beats = compatAddress(addresses)
  const opensSyslog =
    syslog === undefined
      ? {
          en: ' First open the port: `kanpeki up --syslog-port 5514`.',
          ja: '先に `kanpeki up --syslog-port 5514` で受信ポートを開いてください。',
        }
      : { en: '', ja: '' }
  return [
    {
      id: 'curl-lines',
      title: { en: 'curl: log lines or NDJSON', ja: 'curl：ログの行・NDJSON' },
      note: {
        en: 'The quickest way in. A line that begins with { is read as JSON, any other as a log line; `web1` names the source.',
        ja: 'もっとも手軽な方法です。「{」で始まる行は JSON、それ以外はログの 1 行として読みます。`web1` は収集元の名前です。',
      },
      language: 'shell',
      proof: 'tested',
      text: `curl -sS --fail-with-body '${url}/api/v1/ingest/web1' \\
  -H 'Authorization: Bearer {{token}}' \\
  --data-binary @- <<'EOF'
{"message":"hello from curl","event":{"action":"test"}}
EOF`,
    },
    {
      id: 'curl-bulk',
      title: { en: 'curl: Elasticsearch bulk', ja: 'curl：Elasticsearch の bulk' },
      note: {
        en: 'What every Elasticsearch shipper sends: an action line, then the document.',
        ja: 'Elasticsearch 対応の転送ツールが送る形式です。アクション行と文書を交互に並べます。',
      },
      language: 'shell',
      proof: 'tested',
      text: `curl -sS --fail-with-body '${url}/_bulk' \\
  -H 'Authorization: Bearer {{token}}' \\
  -H 'Content-Type: application/x-ndjson' \\
  --data-binary @- <<'EOF'
{"create":{}}
{"message":"hello from curl"}
EOF`,
    },
    {
      id: 'elasticsearch-js',
      title: { en: 'Node.js: @elastic/elasticsearch', ja: 'Node.js：@elastic/elasticsearch' },
      note: {
        en: 'The official client, unchanged. Give events an _id of your own and a retry is harmless for ever.',
        ja: '公式クライアントをそのまま使えます。_id を自分で付けておけば、再送しても重複しません。',
      },
      language: 'javascript',
      proof: 'tested',
      text: `import { Client } from '@elastic/elasticsearch'

const client = new Client({ node: '${url}', auth: { apiKey: '{{token}}' } })
const result = await client.helpers.bulk({
  datasource: [{ message: 'hello from Node.js' }],
  onDocument: () => ({ create: { _index: 'app' } }),
})
console.log(result.successful)
await client.close()`,
    },
    {
      id: 'logger',
      title: { en: 'logger (util-linux)', ja: 'logger（util-linux）' },
      note: {
        en: `One syslog message over TCP, to see that it arrives.${opensSyslog.en}`,
        ja: `syslog のメッセージを TCP で 1 件送り、届くことを確かめます。${opensSyslog.ja}`,
      },
      language: 'shell',
      proof: 'tested',
      text: `logger -n '${to.host}' -P ${to.port} -T --octet-count --rfc5424 -t kanpeki 'hello from logger'`,
    },
    ...daemonShippers(addresses),
    {
      id: 'filebeat',
      title: { en: 'Filebeat', ja: 'Filebeat' },
      note: {
        en: `${NOT_RUN.en} Templates and index lifecycle stay off: there are no indices here.${beats.opens.en}`,
        ja: `${NOT_RUN.ja}インデックスを持たないため、テンプレートと ILM は無効にします。${beats.opens.ja}`,
      },
      language: 'yaml',
      proof: 'not-run',
      text: `setup.template.enabled: false
setup.ilm.enabled: false
output.elasticsearch:
  hosts: ["${beats.url}"]
  username: kanpeki
  password: "{{token}}"
  allow_older_versions: true`,
    },
    {
      id: 'winlogbeat',
      title: { en: 'Windows: Winlogbeat', ja: 'Windows：Winlogbeat' },
      note: {
        en: `${NOT_RUN.en} On each host, or on a collector of forwarded events with the channel ForwardedEvents alone (docs/collecting.md). Event log files (.evtx) go by \`kanpeki send\`.${beats.opens.en}`,
        ja: `${NOT_RUN.ja}各ホストに入れるか、イベント転送の集約サーバーに入れて ForwardedEvents チャネルだけを読ませます（docs/collecting.ja.md）。イベント ログのファイル（.evtx）は \`kanpeki send\` で送れます。${beats.opens.ja}`,
      },
      language: 'yaml',
      proof: 'not-run',
      text: `winlogbeat.event_logs:
  - name: Security
  - name: System
  - name: Microsoft-Windows-PowerShell/Operational
  - name: Microsoft-Windows-Sysmon/Operational
setup.template.enabled: false
setup.ilm.enabled: false
output.elasticsearch:
  hosts: ["${beats.url}"]
  username: kanpeki
  password: "{{token}}"
  allow_older_versions: true`,
    },
    {
      id: 'fluent-bit',
      title: { en: 'Fluent Bit', ja: 'Fluent Bit' },
      note: {
        en: `${NOT_RUN.en} Generate_ID makes retries harmless.`,
        ja: `${NOT_RUN.ja}Generate_ID を有効にすると、再送しても重複しません。`,
      },
      language: 'conf',
      proof: 'not-run',
      text: `[OUTPUT]
    Name                es
    Match               *
    Host                ${hostname}
    Port                ${httpPort}
    tls                 ${https ? 'On' : 'Off'}
    HTTP_User           kanpeki
    HTTP_Passwd         {{token}}
    Index               fluent-bit
    Suppress_Type_Name  On
    Write_Operation     create
    Generate_ID         On
    Retry_Limit         no_limits`,
    },
    ...compatShippers(addresses),
  ]
}
