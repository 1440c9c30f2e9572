import type { Addresses } from './addresses.ts'
import type { Shipper } from './schema.ts'

/** A port that `up` opens on request; used in the snippets while it is closed. */
const COMPAT_PORT = 9200
const GELF_PORT = 12_201

/** What a snippet that no test runs says first. */
export const NOT_RUN = {
  en: 'Written from its documentation, not yet run here.',
  ja: '公式文書に基づく設定例です。当方での動作確認はまだ行っていません。',
}

/** Where the compatibility listener is, or would be, and what to say while it is closed. */
export function compatAddress({ url, compat }: Addresses): { readonly url: string; readonly opens: Shipper['note'] } {
  const { hostname, protocol } = new URL(url)
  if (compat !== undefined) return { url: compat, opens: { en: '', ja: '' } }
  return {
    url: `${protocol}//${hostname}:${COMPAT_PORT}`,
    opens: {
      en: ` First open the port: \`kanpeki up --compat-port ${COMPAT_PORT}\`.`,
      ja: `先に \`kanpeki up --compat-port ${COMPAT_PORT}\` で受信ポートを開いてください。`,
    },
  }
}

/** Snippets for senders that speak to the compatibility listener, to GELF or to a webhook. */
export function compatShippers(addresses: Addresses): Shipper[] {
  const { url, gelf } = addresses
  const { hostname } = new URL(url)
  const { url: to, opens } = compatAddress(addresses)
  const toGelf = gelf ?? { host: hostname, port: GELF_PORT }
  const opensGelf =
    gelf === undefined
      ? {
          en: ` First open the port: \`kanpeki up --gelf-port ${GELF_PORT}\`.`,
          ja: `先に \`kanpeki up --gelf-port ${GELF_PORT}\` で受信ポートを開いてください。`,
        }
      : { en: '', ja: '' }
  return [
    {
      id: 'splunk-hec',
      title: { en: 'Splunk HTTP Event Collector', ja: 'Splunk HTTP Event Collector' },
      note: {
        en: `What sends to Splunk's event collector sends here unchanged: /services/collector with event, raw, health and ack.${opens.en}`,
        ja: `Splunk の HTTP Event Collector 宛ての送信をそのまま受け取ります（/services/collector の event・raw・health・ack）。${opens.ja}`,
      },
      language: 'shell',
      proof: 'tested',
      text: `curl -sS --fail-with-body '${to}/services/collector/event' \\
  -H 'Authorization: Splunk {{token}}' \\
  -d '{"host":"web1","sourcetype":"app","event":"hello from curl"}'`,
    },
    {
      id: 'splunk-logging',
      title: { en: 'Node.js: splunk-logging', ja: 'Node.js：splunk-logging' },
      note: {
        en: `Splunk's own logger for Node.js.${opens.en}`,
        ja: `Splunk 公式の Node.js 用ロガーです。${opens.ja}`,
      },
      language: 'javascript',
      proof: 'tested',
      text: `import splunk from 'splunk-logging'

const logger = new splunk.Logger({ url: '${to}', token: '{{token}}' })
logger.send({ message: 'hello from splunk-logging', severity: 'INFO', metadata: { host: 'web1', sourcetype: 'app' } })`,
    },
    {
      id: 'opentelemetry-js',
      title: { en: 'Node.js: OpenTelemetry logs', ja: 'Node.js：OpenTelemetry のログ' },
      note: {
        en: `OTLP over HTTP, in protobuf or JSON; other languages set OTEL_EXPORTER_OTLP_LOGS_ENDPOINT and …_HEADERS alike. gRPC is not spoken.${opens.en}`,
        ja: `OTLP/HTTP の protobuf と JSON に対応します。ほかの言語では OTEL_EXPORTER_OTLP_LOGS_ENDPOINT と …_HEADERS に同じ値を設定します。gRPC には対応していません。${opens.ja}`,
      },
      language: 'javascript',
      proof: 'tested',
      text: `import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto'
import { BatchLogRecordProcessor, LoggerProvider } from '@opentelemetry/sdk-logs'

const exporter = new OTLPLogExporter({ url: '${to}/v1/logs', headers: { authorization: 'Bearer {{token}}' } })
const provider = new LoggerProvider({ processors: [new BatchLogRecordProcessor({ exporter })] })
provider.getLogger('app').emit({ severityNumber: 9, severityText: 'INFO', body: 'hello from OpenTelemetry' })
await provider.shutdown()`,
    },
    {
      id: 'pino-elasticsearch',
      title: { en: 'Node.js: pino-elasticsearch', ja: 'Node.js：pino-elasticsearch' },
      note: {
        en: `The transport of pino for Elasticsearch, unchanged.${opens.en}`,
        ja: `pino の Elasticsearch 用トランスポートをそのまま使えます。${opens.ja}`,
      },
      language: 'javascript',
      proof: 'tested',
      text: `import pino from 'pino'
import elastic from 'pino-elasticsearch'

const stream = elastic({ node: '${to}', auth: { username: 'kanpeki', password: '{{token}}' }, index: 'app' })
pino(stream).info('hello from pino')
stream.end()`,
    },
    {
      id: 'opensearch-js',
      title: { en: 'Node.js: OpenSearch client', ja: 'Node.js：OpenSearch クライアント' },
      note: {
        en: `The official client, unchanged.${opens.en}`,
        ja: `公式クライアントをそのまま使えます。${opens.ja}`,
      },
      language: 'javascript',
      proof: 'tested',
      text: `import { Client } from '@opensearch-project/opensearch'

const client = new Client({ node: '${to}', auth: { username: 'kanpeki', password: '{{token}}' } })
await client.bulk({ body: [{ create: { _index: 'app' } }, { message: 'hello from OpenSearch' }] })
await client.close()`,
    },
    {
      id: 'pino-loki',
      title: { en: 'Node.js: pino-loki', ja: 'Node.js：pino-loki' },
      note: {
        en: `Loki's push, in JSON or in snappy protobuf: Promtail's and Alloy's \`clients: url\` is the same address with /loki/api/v1/push.${opens.en}`,
        ja: `Loki の push API（JSON・snappy 圧縮の protobuf）を受け取ります。Promtail や Alloy では、このアドレスに /loki/api/v1/push を付けて指定します。${opens.ja}`,
      },
      language: 'javascript',
      proof: 'tested',
      text: `import pino from 'pino'
import { pinoLoki } from 'pino-loki'

const stream = pinoLoki({ host: '${to}', basicAuth: { username: 'kanpeki', password: '{{token}}' }, labels: { app: 'shop' } })
pino(stream).info('hello from pino-loki')
stream.end()`,
    },
    {
      id: 'gelf-pro',
      title: { en: 'GELF (Graylog)', ja: 'GELF（Graylog）' },
      note: {
        en: `GELF over UDP, in chunks too, and over TCP. It knows neither tokens nor acknowledgement.${opensGelf.en}`,
        ja: `GELF を UDP（分割送信にも対応）と TCP で受け取ります。トークンも受信確認もない形式です。${opensGelf.ja}`,
      },
      language: 'javascript',
      proof: 'tested',
      text: `import log from 'gelf-pro'

log.setConfig({ adapterName: 'tcp', adapterOptions: { host: '${toGelf.host}', port: ${toGelf.port} } })
log.info('hello from gelf-pro', { order: 7 })`,
    },
    {
      id: 'webhook',
      title: { en: 'Webhook: any JSON', ja: 'Webhook：任意の JSON' },
      note: {
        en: 'An object, several, or a list of them. `source` names the source; its settings can say which member is the time, the user, the address (PATCH /api/v1/sources/http:NAME with a mapping).',
        ja: 'オブジェクト 1 件、複数、またはリストを受け取ります。`source` が収集元の名前です。時刻・利用者・アドレスの位置は、収集元の設定（PATCH /api/v1/sources/http:名前 の mapping）で指定できます。',
      },
      language: 'shell',
      proof: 'tested',
      text: `curl -sS --fail-with-body '${url}/api/v1/ingest/webhook/generic?source=shop' \\
  -H 'Authorization: Bearer {{token}}' \\
  -d '{"message":"hello from a webhook"}'`,
    },
    {
      id: 'falco',
      title: { en: 'Falco', ja: 'Falco' },
      note: {
        en: `${NOT_RUN.en} One alert a request; its fields become ECS.`,
        ja: `${NOT_RUN.ja}アラートを 1 件ずつ受け取り、項目を ECS に変換します。`,
      },
      language: 'yaml',
      proof: 'not-run',
      text: `# /etc/falco/config.d/kanpeki.yaml
json_output: true
json_include_output_fields_property: true
http_output:
  enabled: true
  url: "${url}/api/v1/ingest/webhook/falco"
  custom_headers:
    - "Authorization: Bearer {{token}}"`,
    },
    {
      id: 'alertmanager',
      title: { en: 'Prometheus Alertmanager', ja: 'Prometheus Alertmanager' },
      note: {
        en: `${NOT_RUN.en} Each alert of a group is an event; those that a limit left out are counted as lost.`,
        ja: `${NOT_RUN.ja}グループ内のアラートをそれぞれ 1 件のイベントとして保存し、上限で省かれた件数は欠落として数えます。`,
      },
      language: 'yaml',
      proof: 'not-run',
      text: `receivers:
  - name: kanpeki
    webhook_configs:
      - url: "${url}/api/v1/ingest/webhook/alertmanager"
        send_resolved: true
        max_alerts: 0
        http_config:
          authorization:
            credentials: "{{token}}"`,
    },
    {
      id: 'k8s-audit',
      title: { en: 'Kubernetes audit webhook', ja: 'Kubernetes の監査 Webhook' },
      note: {
        en: `${NOT_RUN.en} For the API server's --audit-webhook-config-file.`,
        ja: `${NOT_RUN.ja}API サーバーの --audit-webhook-config-file に指定します。`,
      },
      language: 'yaml',
      proof: 'not-run',
      text: `apiVersion: v1
kind: Config
clusters:
  - name: kanpeki
    cluster:
      server: "${url}/api/v1/ingest/webhook/k8s-audit"
users:
  - name: api-server
    user:
      token: "{{token}}"
contexts:
  - name: kanpeki
    context: { cluster: kanpeki, user: api-server }
current-context: kanpeki`,
    },
    {
      id: 'aws-sns',
      title: { en: 'AWS SNS', ja: 'AWS SNS' },
      note: {
        en: `${NOT_RUN.en} Signatures are checked, and a signed subscription is confirmed by itself. This server must be reachable from AWS, by a certificate that AWS trusts.`,
        ja: `${NOT_RUN.ja}署名を検証し、正しい購読要求は自動で確認します。AWS から、AWS が信頼する証明書で接続できる必要があります。`,
      },
      language: 'shell',
      proof: 'not-run',
      text: `aws sns subscribe --topic-arn "$TOPIC_ARN" --protocol https \\
  --notification-endpoint '${url.replace('://', '://kanpeki:{{token}}@')}/api/v1/ingest/webhook/sns?source=aws-sns'`,
    },
    {
      id: 'aws-firehose',
      title: { en: 'AWS Data Firehose', ja: 'AWS Data Firehose' },
      note: {
        en: `${NOT_RUN.en} An HTTP endpoint destination; records of CloudWatch Logs are unpacked.`,
        ja: `${NOT_RUN.ja}送信先に HTTP エンドポイントを選びます。CloudWatch Logs のレコードは展開して保存します。`,
      },
      language: 'conf',
      proof: 'not-run',
      text: `HTTP endpoint URL  ${url}/api/v1/ingest/webhook/firehose?source=aws-firehose
Access key         {{token}}
Content encoding   GZIP`,
    },
  ]
}
