import { isIP } from 'node:net'
import type { Addresses } from './addresses.ts'
import type { Shipper } from './schema.ts'

const SYSLOG_PORT = 5514
const SYSLOG_TLS_PORT = 6514
/** Where the snippets expect the certificate that this server shows. */
export const TRUSTED_FILE = '/etc/kanpeki/server.pem'

/** Snippets for the log daemons of Linux. A test runs the real daemons with each as it stands. */
export function daemonShippers({ url, syslog, syslogTls }: Addresses): Shipper[] {
  const { hostname, port, protocol } = new URL(url)
  const https = protocol === 'https:'
  const httpPort = port === '' ? (https ? '443' : '80') : port
  const to = syslog ?? { host: hostname, port: SYSLOG_PORT }
  const opens =
    syslog === undefined
      ? {
          en: ` First open the port: \`kanpeki up --syslog-port ${SYSLOG_PORT}\`.`,
          ja: `先に \`kanpeki up --syslog-port ${SYSLOG_PORT}\` で受信ポートを開いてください。`,
        }
      : { en: '', ja: '' }
  const secure = { host: hostname, port: syslogTls?.port ?? SYSLOG_TLS_PORT }
  // rsyslog compares no addresses: the one certificate in the file is then all that is trusted.
  const named = isIP(secure.host) === 0 ? `"x509/name" StreamDriverPermittedPeers="${secure.host}"` : '"x509/certvalid"'
  const trust = {
    en: ` ${TRUSTED_FILE} is the certificate that this server shows (tls-served.pem among its keys) or the authority it comes from.`,
    ja: `${TRUSTED_FILE} には、このサーバーの証明書（鍵フォルダーの tls-served.pem）か、その発行元の認証局の証明書を置きます。`,
  }
  const opensTls =
    syslogTls === undefined
      ? {
          en: `${trust.en} First open the port: \`kanpeki up --syslog-tls-port ${SYSLOG_TLS_PORT}\`.`,
          ja: `${trust.ja}先に \`kanpeki up --syslog-tls-port ${SYSLOG_TLS_PORT}\` で受信ポートを開いてください。`,
        }
      : trust
  const machine = {
    en: ' Where certificates of machines are demanded, take away the # before the last two lines.',
    ja: '機器の証明書が必須の場合は、末尾 2 行の行頭の # を外してください。',
  }
  return [
    {
      id: 'rsyslog',
      title: { en: 'rsyslog: forward as syslog', ja: 'rsyslog：syslog として転送' },
      note: {
        en: `Forwards everything over TCP with octet counts and keeps it on disk while this server is away.${opens.en}`,
        ja: `すべてのログをオクテット数付きの TCP で転送し、サーバーに届かない間はディスクに保持します。${opens.ja}`,
      },
      language: 'conf',
      proof: 'tested',
      text: `# /etc/rsyslog.d/60-kanpeki.conf
*.* action(type="omfwd" target="${to.host}" port="${to.port}" protocol="tcp"
           TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"
           queue.type="LinkedList" queue.filename="kanpeki" queue.saveOnShutdown="on"
           action.resumeRetryCount="-1" action.resumeInterval="5")`,
    },
    {
      id: 'rsyslog-tls',
      title: { en: 'rsyslog: syslog over TLS', ja: 'rsyslog：TLS で転送' },
      note: {
        en: `The same, encrypted. Needs the package rsyslog-openssl.${opensTls.en}${machine.en}`,
        ja: `同じ転送を TLS で暗号化します。rsyslog-openssl パッケージが必要です。${opensTls.ja}${machine.ja}`,
      },
      language: 'conf',
      proof: 'tested',
      text: `# /etc/rsyslog.d/60-kanpeki.conf
*.* action(type="omfwd" target="${secure.host}" port="${secure.port}" protocol="tcp"
           TCP_Framing="octet-counted" template="RSYSLOG_SyslogProtocol23Format"
           queue.type="LinkedList" queue.filename="kanpeki" queue.saveOnShutdown="on"
           action.resumeRetryCount="-1" action.resumeInterval="5"
           StreamDriver="ossl" StreamDriverMode="1" StreamDriver.CAFile="${TRUSTED_FILE}"
           StreamDriverAuthMode=${named}
#          StreamDriver.CertFile="/etc/kanpeki/machine.pem" StreamDriver.KeyFile="/etc/kanpeki/machine.key"
           )`,
    },
    {
      id: 'rsyslog-omelasticsearch',
      title: { en: 'rsyslog: omelasticsearch', ja: 'rsyslog：omelasticsearch' },
      note: {
        en: `With acknowledgement: what was not stored is sent again, and nothing is stored twice. Needs the package rsyslog-elasticsearch.${https ? trust.en : ''}`,
        ja: `保存の確認が取れるまで再送し、重複もしません。rsyslog-elasticsearch パッケージが必要です。${https ? trust.ja : ''}`,
      },
      language: 'conf',
      proof: 'tested',
      text: `# /etc/rsyslog.d/60-kanpeki.conf
module(load="omelasticsearch")
template(name="kanpeki-id" type="string" string="%uuid%")
template(name="kanpeki" type="list" option.jsonf="on") {
  property(outname="@timestamp" name="timereported" dateFormat="rfc3339" format="jsonf")
  property(outname="message" name="rawmsg" format="jsonf")
  property(outname="host.name" name="hostname" format="jsonf")
  property(outname="process.name" name="programname" format="jsonf")
}
action(type="omelasticsearch" server="${hostname}" serverport="${httpPort}" usehttps="${https ? 'on' : 'off'}"${https ? ` tls.cacert="${TRUSTED_FILE}"` : ''}
       uid="kanpeki" pwd="{{token}}" template="kanpeki" searchIndex="rsyslog" searchType=""
       bulkmode="on" writeoperation="create" dynBulkId="on" bulkid="kanpeki-id"
       queue.type="LinkedList" queue.filename="kanpeki" queue.saveOnShutdown="on"
       action.resumeRetryCount="-1" action.resumeInterval="5")`,
    },
    {
      id: 'syslog-ng',
      title: { en: 'syslog-ng: forward as syslog', ja: 'syslog-ng：syslog として転送' },
      note: {
        en: `RFC 5424 over TCP, kept on disk while this server is away; s_src is the source of the distribution's own settings.${opens.en}`,
        ja: `TCP 上の RFC 5424 で送り、サーバーに届かない間はディスクに保持します。s_src は標準設定にあるソース名です。${opens.ja}`,
      },
      language: 'conf',
      proof: 'tested',
      text: `# /etc/syslog-ng/conf.d/kanpeki.conf
destination d_kanpeki {
  syslog("${to.host}" transport("tcp") port(${to.port})
         disk-buffer(reliable(yes) disk-buf-size(536870912) mem-buf-size(16777216)));
};
log { source(s_src); destination(d_kanpeki); };`,
    },
    {
      id: 'syslog-ng-tls',
      title: { en: 'syslog-ng: syslog over TLS', ja: 'syslog-ng：TLS で転送' },
      note: {
        en: `The same, encrypted.${opensTls.en} Where certificates of machines are demanded, take away the # before cert-file.`,
        ja: `同じ転送を TLS で暗号化します。${opensTls.ja}機器の証明書が必須の場合は、cert-file の行頭の # を外してください。`,
      },
      language: 'conf',
      proof: 'tested',
      text: `# /etc/syslog-ng/conf.d/kanpeki.conf
destination d_kanpeki {
  syslog("${secure.host}" transport("tls") port(${secure.port})
         tls(ca-file("${TRUSTED_FILE}") peer-verify(required-trusted)
#            cert-file("/etc/kanpeki/machine.pem") key-file("/etc/kanpeki/machine.key")
         )
         disk-buffer(reliable(yes) disk-buf-size(536870912) mem-buf-size(16777216)));
};
log { source(s_src); destination(d_kanpeki); };`,
    },
    {
      id: 'syslog-ng-elasticsearch',
      title: { en: 'syslog-ng: elasticsearch-http()', ja: 'syslog-ng：elasticsearch-http()' },
      note: {
        en: `With acknowledgement: what was not stored is sent again, and nothing is stored twice. Needs the packages syslog-ng-mod-http and syslog-ng-scl.${https ? trust.en : ''}`,
        ja: `保存の確認が取れるまで再送し、重複もしません。syslog-ng-mod-http と syslog-ng-scl パッケージが必要です。${https ? trust.ja : ''}`,
      },
      language: 'conf',
      proof: 'tested',
      text: `# /etc/syslog-ng/conf.d/kanpeki.conf
options { use-uniqid(yes); };
destination d_kanpeki {
  elasticsearch-http(url("${url}/_bulk") index("syslog-ng") type("") custom_id("\${UNIQID}")
    user("kanpeki") password("{{token}}")${https ? ` tls(ca-file("${TRUSTED_FILE}"))` : ''}
    template("$(format-json @timestamp=\${ISODATE} message=\${MESSAGE} host.name=\${HOST} process.name=\${PROGRAM})")
    disk-buffer(reliable(yes) disk-buf-size(536870912) mem-buf-size(16777216)));
};
log { source(s_src); destination(d_kanpeki); };`,
    },
  ]
}
