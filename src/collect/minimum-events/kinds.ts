import { MINIMUM_KINDS, type MinimumKind } from './schema.ts'

interface Words {
  readonly en: string
  readonly ja: string
}

/** A source that gives the kind, and how to switch it on there. */
export interface Way {
  readonly source: Words
  readonly how: Words
}

export interface MinimumEvent {
  readonly id: MinimumKind
  readonly title: Words
  /** Finds such events in the timeline. */
  readonly query: string
  readonly ways: readonly Way[]
}

const AUTH_LOG: Way = {
  source: { en: 'Linux: sshd, sudo, su, PAM', ja: 'Linux：sshd・sudo・su・PAM' },
  how: {
    en: 'Written by default. Add `/var/log/auth.log` (Debian) or `/var/log/secure` (Red Hat) as a file source, or let rsyslog send `auth,authpriv.*`.',
    ja: '既定で記録されます。`/var/log/auth.log`（Debian 系）か `/var/log/secure`（Red Hat 系）をファイルの収集元に追加するか、rsyslog で `auth,authpriv.*` を送ります。',
  },
}
const WINDOWS_LOGON: Way = {
  source: { en: 'Windows: Security 4624, 4625, 4634', ja: 'Windows：Security 4624・4625・4634' },
  how: {
    en: '`auditpol /set /category:"Logon/Logoff" /success:enable /failure:enable`, and send the channel Security (Winlogbeat, or event forwarding to a collector).',
    ja: '`auditpol /set /category:"Logon/Logoff" /success:enable /failure:enable` を実行し、Security チャネルを送ります（Winlogbeat、またはイベント転送で集約）。',
  },
}
const CLOUD_SIGN_IN: Way = {
  source: { en: 'CloudTrail, Azure and GCP audit logs', ja: 'CloudTrail、Azure・GCP の監査ログ' },
  how: {
    en: 'Trails record management events by default; in Azure, export sign-in and audit logs in the diagnostic settings of Entra ID.',
    ja: '証跡は管理イベントを既定で記録します。Azure では Entra ID の診断設定でサインインログと監査ログを出力します。',
  },
}
const auditRule = (rule: string, more: Words = { en: '', ja: '' }): Way => ({
  source: { en: 'Linux: auditd', ja: 'Linux：auditd' },
  how: {
    en: `In \`/etc/audit/rules.d/kanpeki.rules\`: \`${rule}\`, then \`augenrules --load\`; add \`/var/log/audit/audit.log\` as a file source.${more.en}`,
    ja: `\`/etc/audit/rules.d/kanpeki.rules\` に \`${rule}\` と書いて \`augenrules --load\` を実行し、\`/var/log/audit/audit.log\` をファイルの収集元に追加します。${more.ja}`,
  },
})
const windowsAudit = (codes: string, category: string): Way => ({
  source: { en: `Windows: Security ${codes.replaceAll('・', ', ')}`, ja: `Windows：Security ${codes}` },
  how: {
    en: `\`auditpol /set /category:"${category}" /success:enable /failure:enable\``,
    ja: `\`auditpol /set /category:"${category}" /success:enable /failure:enable\` を実行します。`,
  },
})
const application = (fields: string): Way => ({
  source: { en: 'Your applications', ja: '自社のアプリケーション' },
  how: { en: `Log it as ECS: \`${fields}\`.`, ja: `ECS の形で記録します：\`${fields}\`。` },
})
const WEB_LOGS: Way = {
  source: { en: 'nginx, Apache, HAProxy, IIS: statuses 401 and 403', ja: 'nginx・Apache・HAProxy・IIS：ステータス 401 と 403' },
  how: { en: 'Add the access log as a file source.', ja: 'アクセスログをファイルの収集元に追加します。' },
}
const SYSMON_LINUX: Way = {
  source: { en: 'Sysmon for Linux', ja: 'Sysmon for Linux' },
  how: {
    en: '`sysmon -i config.xml`; it writes to syslog, which is sent like any other.',
    ja: '`sysmon -i config.xml` で導入します。syslog に書かれるので、そのまま送ります。',
  },
}

const EVENTS: Readonly<Record<MinimumKind, Omit<MinimumEvent, 'id'>>> = {
  'sign-in-success': {
    title: { en: 'Sign-in succeeded', ja: 'ログインの成功' },
    query: 'event.category:authentication AND event.type:start AND event.outcome:success',
    ways: [
      AUTH_LOG,
      WINDOWS_LOGON,
      CLOUD_SIGN_IN,
      application('event.category: [authentication], event.type: [start], event.outcome: success'),
    ],
  },
  'sign-in-failure': {
    title: { en: 'Sign-in failed', ja: 'ログインの失敗' },
    query: 'event.category:authentication AND event.type:start AND event.outcome:failure',
    ways: [
      AUTH_LOG,
      WINDOWS_LOGON,
      CLOUD_SIGN_IN,
      application('event.category: [authentication], event.type: [start], event.outcome: failure'),
    ],
  },
  'password-reset': {
    title: { en: 'Password reset or changed', ja: 'パスワードのリセットと変更' },
    query: 'event.code:4723 OR event.code:4724 OR event.action:*password*',
    ways: [
      AUTH_LOG,
      windowsAudit('4723・4724', 'Account Management'),
      CLOUD_SIGN_IN,
      application('event.category: [iam], event.action: password-reset'),
    ],
  },
  'second-factor': {
    title: { en: 'Second factor tried', ja: '多要素認証の試行' },
    query: 'event.action:*mfa* OR event.action:*otp* OR event.action:*passkey* OR event.action:*factor*',
    ways: [
      CLOUD_SIGN_IN,
      application('event.category: [authentication], event.action: mfa-challenge, event.outcome: success | failure'),
    ],
  },
  'access-denied': {
    title: { en: 'Access denied', ja: 'アクセスの拒否' },
    query: 'event.type:denied OR http.response.status_code:401 OR http.response.status_code:403',
    ways: [
      WEB_LOGS,
      auditRule('-a always,exit -F arch=b64 -S open,openat -F exit=-EACCES -k denied'),
      windowsAudit('4656・5145', 'Object Access'),
      application('event.category: [web], event.type: [denied]'),
    ],
  },
  'input-validation': {
    title: {
      en: 'Input refused (attempts at SQL injection, XSS …)',
      ja: '入力検証の失敗（SQL インジェクション・XSS などの試行）',
    },
    query: '(event.category:intrusion_detection OR event.category:threat) AND (_exists_:url OR _exists_:http)',
    ways: [
      {
        source: { en: 'A web application firewall', ja: 'Web アプリケーションファイアウォール' },
        how: {
          en: 'Send its audit log or alerts by HTTP or as a file.',
          ja: '監査ログかアラートを HTTP またはファイルで送ります。',
        },
      },
      application('event.category: [intrusion_detection], event.type: [denied], url.original, source.ip'),
    ],
  },
  'privilege-change': {
    title: { en: 'Administrative rights changed', ja: '管理者権限の変更' },
    query: 'event.category:iam AND (event.type:group OR event.type:admin)',
    ways: [
      AUTH_LOG,
      windowsAudit('4728・4732・4756', 'Account Management'),
      CLOUD_SIGN_IN,
      application('event.category: [iam], event.type: [admin, change]'),
    ],
  },
  'security-setting-change': {
    title: { en: 'Security settings changed', ja: 'セキュリティ設定の変更' },
    query: 'event.category:configuration AND (event.type:change OR event.type:creation OR event.type:deletion)',
    ways: [
      windowsAudit('4719・4739・4946', 'Policy Change'),
      auditRule('-e 2', {
        en: ' Changes of its own rules are always recorded.',
        ja: 'auditd 自身の設定変更は常に記録されます。',
      }),
      CLOUD_SIGN_IN,
      application('event.category: [configuration], event.type: [change]'),
    ],
  },
  'data-deletion': {
    title: { en: 'Important data deleted', ja: '重要なデータの削除' },
    query: 'event.type:deletion AND (event.category:file OR event.category:database OR event.category:api) OR event.code:4660',
    ways: [
      auditRule('-a always,exit -F arch=b64 -S unlink,unlinkat,rename,renameat -F dir=/srv/data -k deletion'),
      windowsAudit('4660', 'Object Access'),
      {
        source: { en: 'PostgreSQL, MySQL', ja: 'PostgreSQL・MySQL' },
        how: {
          en: "`log_statement = 'mod'`, or the audit plug-in; add the log as a file source.",
          ja: "`log_statement = 'mod'` か監査プラグインを有効にし、ログをファイルの収集元に追加します。",
        },
      },
      application('event.category: [database], event.type: [deletion]'),
    ],
  },
  'linux-file-access': {
    title: { en: 'Linux: files accessed', ja: 'Linux：ファイルアクセス' },
    query: 'event.category:file AND NOT _exists_:winlog.channel',
    ways: [auditRule('-w /etc/passwd -p wa -k identity'), SYSMON_LINUX],
  },
  'linux-system-calls': {
    title: { en: 'Linux: system calls', ja: 'Linux：システムコール' },
    query: 'event.code:SYSCALL',
    ways: [auditRule('-a always,exit -F arch=b64 -S ptrace,init_module,finit_module,delete_module -k calls')],
  },
  'linux-commands': {
    title: { en: 'Linux: commands that users ran', ja: 'Linux：ユーザーが実行したコマンド' },
    query: 'event.category:process AND event.type:start AND NOT _exists_:winlog.channel',
    ways: [auditRule('-a always,exit -F arch=b64 -S execve -F auid>=1000 -F auid!=unset -k commands'), SYSMON_LINUX, AUTH_LOG],
  },
  'linux-network': {
    title: { en: 'Linux: network access by programs', ja: 'Linux：プログラムのネットワークアクセス' },
    query: 'event.category:network AND event.type:connection AND event.code:SYSCALL',
    ways: [auditRule('-a always,exit -F arch=b64 -S connect -k network'), SYSMON_LINUX],
  },
  'windows-sign-in': {
    title: { en: 'Windows: logon and logoff', ja: 'Windows：ログオンとログオフ' },
    query: 'winlog.channel:Security AND (event.code:4624 OR event.code:4625 OR event.code:4634 OR event.code:4647)',
    ways: [WINDOWS_LOGON],
  },
  'windows-object-access': {
    title: { en: 'Windows: object access (file shares and others)', ja: 'Windows：オブジェクトアクセス（ファイル共有など）' },
    query: 'winlog.channel:Security AND (event.code:4656 OR event.code:4663 OR event.code:5140 OR event.code:5145)',
    ways: [windowsAudit('4656・4663・5140・5145', 'Object Access')],
  },
  'windows-policy-change': {
    title: { en: 'Windows: policy changed', ja: 'Windows：ポリシーの変更' },
    query: 'winlog.channel:Security AND (event.code:4719 OR event.code:4739 OR event.code:4713 OR event.code:4907)',
    ways: [windowsAudit('4719・4739・4713・4907', 'Policy Change')],
  },
  'log-tampering': {
    title: { en: 'Logs cleared or logging stopped', ja: 'ログの消去・記録の停止' },
    query: 'event.code:1102 OR event.code:104 OR event.action:audit-log-cleared OR event.action:shutdown-audit',
    ways: [
      {
        source: { en: 'Windows: Security 1102, System 104', ja: 'Windows：Security 1102、System 104' },
        how: {
          en: 'Always recorded; send the channels Security and System.',
          ja: '常に記録されます。Security と System のチャネルを送ります。',
        },
      },
      auditRule('-e 2', {
        en: ' Start, stop and changed rules are always recorded.',
        ja: '起動・停止・ルールの変更は常に記録されます。',
      }),
      CLOUD_SIGN_IN,
    ],
  },
}

/** The minimum set, in the order of the table in the documentation. */
export const MINIMUM_EVENTS: readonly MinimumEvent[] = MINIMUM_KINDS.map((id) => ({ id, ...EVENTS[id] }))

/** The table of docs/minimum-events.md, in one language. */
export function minimumEventsTable(language: 'en' | 'ja'): string {
  const head = language === 'en' ? ['Event', 'Source', 'How to switch it on'] : ['イベント', '収集元', '有効にする方法']
  const rows = MINIMUM_EVENTS.flatMap(({ title, ways }) =>
    ways.map(({ source, how }, at) => [
      at === 0 ? `**${title[language]}**` : '',
      source[language],
      how[language].replaceAll('|', '\\|'),
    ]),
  )
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
