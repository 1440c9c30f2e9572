import { brotliCompressSync, deflateRawSync, gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { memoryStore } from './store.ts'
import { rulesOf, type Sent, transact } from './testing/transact.ts'

const FORM = [['Content-Type', 'application/x-www-form-urlencoded']] as const

/** Rules, a request, and the ids that must match and log. */
const CASES: readonly (readonly [what: string, rules: string, sent: Sent, ids: readonly number[]])[] = [
  ['a pattern in an argument', 'SecRule ARGS "@rx ev.l" "id:1,phase:2"', { target: '/?a=evil' }, [1]],
  ['no match', 'SecRule ARGS "@rx ev.l" "id:1,phase:2"', { target: '/?a=good' }, []],
  ['an operator without a name is a pattern', 'SecRule ARGS "ev.l" "id:1"', { target: '/?a=evil' }, [1]],
  ['nolog is not told', 'SecRule ARGS "@rx x" "id:1,nolog"', { target: '/?a=x' }, []],
  ['one argument by name, whatever its case', 'SecRule ARGS:A "@streq x" "id:1"', { target: '/?a=x&b=y' }, [1]],
  ['an argument that is left out', 'SecRule ARGS|!ARGS:b "@streq x" "id:1"', { target: '/?b=x' }, []],
  ['names that a pattern finds', 'SecRule ARGS:/^u_/ "@streq x" "id:1"', { target: '/?v_a=x&u_b=x' }, [1]],
  ['a pattern with a bar', 'SecRule ARGS:/^(a|b)$/|REQUEST_METHOD "@streq x" "id:1"', { target: '/?b=x' }, [1]],
  ['a count', 'SecRule &ARGS "@eq 2" "id:1"', { target: '/?a=1&b=2' }, [1]],
  ['a count of what is not there', 'SecRule &REQUEST_HEADERS:Host "@eq 0" "id:1,phase:1"', {}, [1]],
  ['a negated operator', 'SecRule REQUEST_METHOD "!@within GET HEAD" "id:1,phase:1"', { method: 'PUT' }, [1]],
  [
    'transformations in order',
    'SecRule ARGS "@streq abc" "id:1,t:none,t:urlDecodeUni,t:lowercase"',
    { target: '/?a=%2541BC' },
    [1],
  ],
  ['multiMatch sees each stage', 'SecRule ARGS "@streq ABC" "id:1,t:lowercase,multiMatch"', { target: '/?a=ABC' }, [1]],
  ['without multiMatch only the last', 'SecRule ARGS "@streq ABC" "id:1,t:lowercase"', { target: '/?a=ABC' }, []],
  [
    'a chain whose rules all match',
    'SecRule ARGS:a "@streq 1" "id:1,chain"\nSecRule ARGS:b "@streq 2"',
    { target: '/?a=1&b=2' },
    [1],
  ],
  ['a chain that breaks', 'SecRule ARGS:a "@streq 1" "id:1,chain"\nSecRule ARGS:b "@streq 2"', { target: '/?a=1&b=3' }, []],
  ['skipAfter', 'SecAction "id:1,nolog,skipAfter:END"\nSecAction "id:2"\nSecMarker END\nSecAction "id:3"', {}, [3]],
  [
    'skipAfter keeps to its phase',
    'SecAction "id:1,phase:1,nolog,skipAfter:END"\nSecAction "id:2,phase:2"\nSecMarker END',
    {},
    [2],
  ],
  ['a marker before the rule is not meant', 'SecMarker END\nSecAction "id:1,nolog,skipAfter:END"\nSecAction "id:2"', {}, []],
  ['skip', 'SecAction "id:1,nolog,skip:1"\nSecAction "id:2"\nSecAction "id:3"', {}, [3]],
  ['sums', 'SecAction "id:1,nolog,setvar:tx.a=2,setvar:tx.a=+3,setvar:tx.a=-1"\nSecRule TX:a "@eq 4" "id:2"', {}, [2]],
  ['a member that is removed', 'SecAction "id:1,nolog,setvar:tx.a=2,setvar:!tx.a"\nSecRule &TX:a "@eq 0" "id:2"', {}, [2]],
  [
    'each match counts',
    'SecRule ARGS "@rx ." "id:1,nolog,setvar:tx.n=+1"\nSecRule TX:n "@eq 3" "id:2"',
    { target: '/?a=1&b=2&c=3' },
    [2],
  ],
  [
    'a macro in an operator',
    'SecAction "id:1,nolog,setvar:tx.m=GET HEAD"\nSecRule REQUEST_METHOD "@within %{tx.m}" "id:2"',
    {},
    [2],
  ],
  ['a macro in a pattern', 'SecRule ARGS "@rx ^%{REMOTE_ADDR}$" "id:1"', { target: '/?a=192.0.2.7' }, [1]],
  ['a macro of a member in a pattern', 'SecRule ARGS:a "@rx ^%{ARGS:b}$" "id:1"', { target: '/?a=x&b=x' }, [1]],
  ['no macro but how often', 'SecRule ARGS "@rx ^%{2}$|^%{3,4}a$" "id:1"', { target: '/?a=%25%25' }, [1]],
  [
    'a macro in a name',
    'SecAction "id:1,nolog,setvar:tx.n=7,setvar:tx.v_%{tx.n}=x"\nSecRule TX:/^v_/ "@streq x" "id:2"',
    {},
    [2],
  ],
  [
    'captures',
    'SecRule ARGS "@rx (b)(c)" "id:1,nolog,capture,chain"\nSecRule TX:2 "@streq c" "setvar:tx.ok=1"\nSecRule TX:OK "@eq 1" "id:2"',
    { target: '/?a=abc' },
    [2],
  ],
  [
    'captures that a comparison leaves alone',
    'SecRule ARGS "@rx (b)(c)" "id:1,capture,chain"\nSecRule TX:1 "@streq b" "capture,chain"\nSecRule TX:2 "@streq c"',
    { target: '/?a=abc' },
    [1],
  ],
  [
    'captures that a pattern forgets',
    'SecRule ARGS "@rx (b)(c)" "id:1,nolog,capture"\nSecRule ARGS "@rx (b)" "id:2,nolog,capture"\nSecRule &TX:2 "@eq 0" "id:3"',
    { target: '/?a=abc' },
    [3],
  ],
  [
    'what matched',
    'SecRule ARGS "@contains e" "id:1,chain"\nSecRule MATCHED_VARS_NAMES "@streq ARGS:b"',
    { target: '/?a=x&b=evil' },
    [1],
  ],
  [
    'a rule removed by a tag',
    'SecAction "id:1,phase:1,nolog,ctl:ruleRemoveByTag=sql"\nSecAction "id:2,tag:attack-sql"\nSecAction "id:3"',
    {},
    [3],
  ],
  ['a range of rules removed', 'SecAction "id:1,nolog,ctl:ruleRemoveById=2-3"\nSecAction "id:2"\nSecAction "id:4"', {}, [4]],
  [
    'a target removed while it runs',
    'SecAction "id:1,phase:1,nolog,ctl:ruleRemoveTargetById=2;ARGS:a"\nSecRule ARGS "@streq x" "id:2"',
    { target: '/?a=x' },
    [],
  ],
  [
    'another target is left',
    'SecAction "id:1,phase:1,nolog,ctl:ruleRemoveTargetByTag=t;ARGS:/^a/"\nSecRule ARGS "@streq x" "id:2,tag:t"',
    { target: '/?ab=x&b=x' },
    [2],
  ],
  ['the engine switched off', 'SecAction "id:1,phase:1,nolog,ctl:ruleEngine=Off"\nSecAction "id:2"', {}, []],
  ['SecRuleRemoveById', 'SecAction "id:1"\nSecAction "id:2"\nSecRuleRemoveById 1', {}, [2]],
  ['SecRuleRemoveByMsg', `SecAction "id:1,msg:'one of many'"\nSecAction "id:2"\nSecRuleRemoveByMsg "one"`, {}, [2]],
  [
    'SecRuleUpdateTargetById leaves out',
    'SecRule ARGS "@streq x" "id:1"\nSecRuleUpdateTargetById 1 "!ARGS:a"',
    { target: '/?a=x' },
    [],
  ],
  [
    'SecRuleUpdateTargetByTag adds',
    'SecRule ARGS "@streq GET" "id:1,tag:t"\nSecRuleUpdateTargetByTag t "REQUEST_METHOD"',
    {},
    [1],
  ],
  [
    'SecRuleUpdateTargetById replaces',
    'SecRule ARGS "@streq x" "id:1"\nSecRuleUpdateTargetById 1 REQUEST_METHOD ARGS',
    { target: '/?a=x' },
    [],
  ],
  ['SecRuleUpdateActionById', 'SecAction "id:1"\nSecRuleUpdateActionById 1 "nolog"', {}, []],
  [
    'default transformations',
    'SecDefaultAction "phase:2,pass,t:lowercase"\nSecRule ARGS "@streq x" "id:1"',
    { target: '/?a=X' },
    [1],
  ],
  [
    't:none drops them',
    'SecDefaultAction "phase:2,pass,t:lowercase"\nSecRule ARGS "@streq x" "id:1,t:none"',
    { target: '/?a=X' },
    [],
  ],
  ['a form', 'SecRule ARGS_POST:b "@streq c d" "id:1"', { method: 'POST', headers: FORM, body: 'a=1&b=c+d' }, [1]],
  [
    'a body in phase 1 is not there yet',
    'SecRule ARGS "@streq x" "id:1,phase:1"',
    { method: 'POST', headers: FORM, body: 'a=x' },
    [],
  ],
  [
    'a document of JSON',
    'SecAction "id:1,phase:1,nolog,ctl:requestBodyProcessor=JSON"\nSecRule ARGS:json.a.b "@streq \xc3\xa9" "id:2"',
    { body: '{"a":{"b":"\\u00e9"}}' },
    [2],
  ],
  [
    'a broken body is told',
    'SecAction "id:1,phase:1,nolog,ctl:requestBodyProcessor=JSON"\nSecRule REQBODY_ERROR "@eq 1" "id:2"',
    { body: '{"a"' },
    [2],
  ],
  [
    'XML',
    'SecAction "id:1,phase:1,nolog,ctl:requestBodyProcessor=XML"\nSecRule XML:/*|XML://@* "@streq evil" "id:2"',
    { body: '<a><b c="evil">good</b></a>' },
    [2],
  ],
  ['a cookie', 'SecRule REQUEST_COOKIES:b "@streq 2" "id:1"', { headers: [['Cookie', 'a=1; b=2']] }, [1]],
  [
    'arguments of a query beyond the limit are still seen, and told',
    'SecArgumentsLimit 2\nSecRule ARGS "@contains evil" "id:1"\nSecRule REQBODY_ERROR "@eq 1" "id:2"',
    { target: '/?a&b&c=%65vil' },
    [1, 2],
  ],
  ['the path is decoded', 'SecRule REQUEST_FILENAME "@streq /a b" "id:1"', { target: '/a%20b?c' }, [1]],
  [
    'the answer',
    'SecResponseBodyAccess On\nSecRule RESPONSE_BODY "@contains secret" "id:1,phase:4"',
    { answer: { headers: [['Content-Type', 'text/html']], body: 'a secret' } },
    [1],
  ],
  [
    'an answer of another type is not read',
    'SecResponseBodyAccess On\nSecRule RESPONSE_BODY "@contains secret" "id:1,phase:4"',
    { answer: { headers: [['Content-Type', 'image/png']], body: 'a secret' } },
    [],
  ],
  ['the last phase', 'SecRule RESPONSE_STATUS "@eq 404" "id:1,phase:5"', { answer: { status: 404 } }, [1]],
]

describe('rules', () => {
  test.each(CASES)('%s', (_, rules, sent, ids) => {
    const loaded = rulesOf(rules)
    expect(loaded.refused).toEqual([])
    expect(transact(loaded, sent).rules).toEqual(ids)
  })

  test(`the table has ${CASES.length} cases`, () => expect(CASES.length).toBeGreaterThan(40))
})

describe('what a rule does to a request', () => {
  test('deny stops it with its status, and phase 5 still runs', () => {
    const rules = rulesOf(
      'SecRule ARGS "@streq x" "id:1,phase:1,deny,status:406"\nSecAction "id:2,phase:2"\nSecAction "id:3,phase:5"',
    )
    const { stopped, rules: ids } = transact(rules, { target: '/?a=x' })
    expect(stopped).toEqual({ ruleId: 1, action: 'deny', status: 406 })
    expect(ids).toEqual([1, 3])
  })

  test('in detection it is told and not stopped', () => {
    const rules = rulesOf('SecAction "id:1,phase:1,deny"\nSecAction "id:2,phase:2"')
    const { stopped, rules: ids, interruption } = transact(rules, {}, 'detect')
    expect(stopped).toBeUndefined()
    expect(ids).toEqual([1, 2])
    expect(interruption).toEqual({ ruleId: 1, action: 'deny', status: 403 })
  })

  test('block means what SecDefaultAction says', () => {
    const rules = rulesOf('SecDefaultAction "phase:1,log,deny,status:429"\nSecAction "id:1,phase:1,block"')
    expect(transact(rules, {}).stopped).toMatchObject({ action: 'deny', status: 429 })
    expect(transact(rulesOf('SecAction "id:1,phase:1,block"'), {}).stopped).toBeUndefined()
  })

  test('a redirect expands its macros', () => {
    const rules = rulesOf('SecAction "id:1,phase:1,redirect:https://example.com/%{REQUEST_METHOD}"')
    expect(transact(rules, {}).stopped).toMatchObject({ action: 'redirect', status: 302, location: 'https://example.com/GET' })
  })

  test('allow ends the phases that it names', () => {
    const after = '\nSecAction "id:2,phase:1"\nSecAction "id:3,phase:2"\nSecAction "id:4,phase:3"\nSecAction "id:5,phase:5"'
    for (const mode of ['block', 'detect'] as const) {
      const ids = (what: string) => transact(rulesOf(`SecAction "id:1,phase:1,nolog,${what}"${after}`), {}, mode).rules
      expect(ids('allow:phase')).toEqual([3, 4, 5])
      expect(ids('allow:request')).toEqual([4, 5])
      expect(ids('allow')).toEqual([5])
    }
  })

  test('what phase 5 finds stops nothing any more, and does not say so', () => {
    const rules = rulesOf('SecAction "id:1,phase:5,deny"\nSecAction "id:2,phase:5"')
    for (const mode of ['block', 'detect'] as const) {
      const record = transact(rules, {}, mode)
      expect(record.rules).toEqual([1, 2])
      expect(record.interruption).toBeUndefined()
    }
  })

  test('a message tells the variable and what was found', () => {
    const rules = rulesOf(
      `SecRule ARGS "@rx e(v)il" "id:1,capture,msg:'found %{TX.1}',logdata:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"`,
    )
    expect(transact(rules, { target: '/?a=evil' }).messages).toEqual([
      { id: 1, msg: 'found v', data: 'ARGS:a=evil', var: 'ARGS:a' },
    ])
  })

  test('a thousand matches of one rule leave a few messages', () => {
    const rules = rulesOf('SecRule ARGS "@streq x" "id:1"')
    const target = `/?${Array.from({ length: 1000 }, (_, index) => `a${index}=x`).join('&')}`
    expect(transact(rules, { target }).messages.length).toBeLessThan(20)
  })

  test('a message keeps the beginning of a long value, and says how long it was', () => {
    const rules = rulesOf(`SecRule ARGS "@rx x" "id:1,msg:'m',logdata:'%{MATCHED_VAR}'"`)
    const [message] = transact(rules, { target: `/?a=${'x'.repeat(50_000)}` }).messages
    expect(message!.data).toBe(`${'x'.repeat(4096)} (50000 bytes in all)`)
  })

  test('a body beyond the limit is refused', () => {
    const { waf } = rulesOf('SecRequestBodyLimit 10\nSecAction "id:1,phase:2"')
    const transaction = waf.begin('block')
    expect(waf.requestBodyLimit).toBe(10)
    expect(transaction.requestBody(Buffer.from('0123456789'), true)).toMatchObject({ action: 'deny', status: 413 })
  })
})

describe('limits of bodies', () => {
  test.each([
    ['gzip', gzipSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
  ])('a body packed with %s is seen, and counted, as what is in it', (coding, pack) => {
    const packed = rulesOf('SecRequestBodyLimit 1000\nSecRule ARGS "@streq evil" "id:1,phase:2"')
    const send = (body: string) =>
      transact(packed, {
        method: 'POST',
        headers: [...FORM, ['Content-Encoding', coding]],
        body: pack(Buffer.from(body)).toString('latin1'),
      })
    expect(send('a=evil').rules).toEqual([1])
    expect(send(`a=${'x'.repeat(100_000)}`).stopped).toMatchObject({ status: 413 })
  })

  test('a body beyond what a rule sets for one request is refused, as beyond the limit for all', () => {
    const limited = rulesOf('SecAction "id:1,phase:1,nolog,ctl:requestBodyLimit=10"\nSecAction "id:2,phase:2"')
    const send = (body: string) => transact(limited, { method: 'POST', headers: FORM, body }).stopped
    expect(send('a=12345678')).toBeUndefined()
    expect(send('a=123456789')).toMatchObject({ status: 413 })
  })

  const rules = rulesOf('SecRequestBodyNoFilesLimit 300\nSecAction "id:1,phase:2"')
  const upload = (name: string, size: number): Sent => ({
    method: 'POST',
    headers: [['Content-Type', 'multipart/form-data; boundary=b']],
    body: `--b\r\nContent-Disposition: form-data; ${name}\r\n\r\n${'x'.repeat(size)}\r\n--b--\r\n`,
  })

  test('uploaded files do not count where others do', () => {
    expect(transact(rules, upload('name="a"; filename="b"', 1000)).stopped).toBeUndefined()
    expect(transact(rules, upload('name="a"', 1000)).stopped).toMatchObject({ status: 413 })
    expect(transact(rules, upload('name="a"; filename=""', 1000)).stopped).toMatchObject({ status: 413 })
    expect(transact(rules, upload('name="a"; filename*=UTF-8\'\'b', 1000)).stopped).toMatchObject({ status: 413 })
  })
})

describe('names of headers in requests and in responses', () => {
  const named = [['X-Evil', '1']] as const

  test('are told apart, over transactions as well', () => {
    const rules = rulesOf(
      'SecRule REQUEST_HEADERS_NAMES "@streq X-Evil" "id:1,phase:1"\nSecRule RESPONSE_HEADERS_NAMES "@streq X-Other" "id:2,phase:3"',
    )
    expect(transact(rules, { answer: { headers: named } }).rules).toEqual([])
    expect(transact(rules, { headers: named, answer: { headers: named } }).rules).toEqual([1])
    const other = rulesOf(
      'SecRule REQUEST_HEADERS_NAMES "@streq X-Other" "id:1,phase:1"\nSecRule RESPONSE_HEADERS_NAMES "@streq X-Evil" "id:2,phase:3"',
    )
    expect(transact(other, { headers: named, answer: { headers: named } }).rules).toEqual([2])
  })
})

describe('multipart bodies of other types than form-data', () => {
  const rules = rulesOf(
    `SecRule ARGS:a "@streq evil" "id:1"
     SecRule FILES "@streq evil.php" "id:2"
     SecRule MULTIPART_STRICT_ERROR|REQBODY_ERROR "!@eq 0" "id:3"
     SecRule &ARGS "@gt 1" "id:4"`,
  )
  const send = (type: string, ...parts: readonly string[]) =>
    transact(rules, {
      method: 'POST',
      headers: [['Content-Type', type]],
      body: `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`,
    }).rules
  const field = 'Content-Disposition: form-data; name="a"\r\n\r\nevil'

  test.each(['mixed', 'related', 'MIXED'])('multipart/%s with parts of a form is read as one', (kind) => {
    expect(send(`multipart/${kind}; boundary=b`, field)).toEqual([1])
    expect(
      send(`multipart/${kind}; boundary=b`, 'Content-Disposition: attachment; name="f"; filename="evil.php"\r\n\r\nx'),
    ).toEqual([2])
    expect(send(`multipart/${kind}; boundary=b; boundary=c`, field)).toEqual([3])
    expect(send(`multipart/${kind}; boundary=b`, `${field}\r\n--b x`)).toEqual([3])
  })

  test.each([
    ['the root of a SOAP message', 'Content-Type: application/xop+xml\r\nContent-ID: <r>\r\n\r\n<s><a>evil</a></s>'],
    ['a root that is called a file', 'Content-Disposition: attachment; filename="r.xml"\r\n\r\n<s><a>evil</a></s>'],
    ['what is said of an upload', 'Content-Type: application/json; charset=UTF-8\r\n\r\n{"a":"evil"}'],
    ['JSON under another type', 'Content-Type: image/png\r\n\r\n {"a":"evil"}'],
    ['text', 'Content-ID: <1>\r\n\r\nevil'],
    ['a form', 'Content-Type: application/x-www-form-urlencoded\r\n\r\na=%65vil'],
    ['the query of a request', 'Content-Type: application/http\r\n\r\nGET /x?a=%65vil HTTP/1.1\r\nHost: b\r\n\r\n'],
    [
      'the body of a request in a change set',
      'Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: application/http\r\n\r\nPOST /x HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{"a":"evil"}\r\n--c--',
    ],
  ])('show rules %s that has no name', (_what, part) => {
    const nameless = rulesOf(
      `SecRule ARGS|XML:/* "@streq evil" "id:1"\nSecRule REQBODY_ERROR|MULTIPART_STRICT_ERROR "!@eq 0" "id:2"`,
    )
    const body = `--b\r\n${part}\r\n--b--\r\n`
    expect(
      transact(nameless, { method: 'POST', headers: [['Content-Type', 'multipart/related; boundary=b']], body }).rules,
    ).toEqual([1])
  })

  test('show rules no bytes of a picture, and no attached text', () => {
    const png = 'Content-Type: image/png\r\n\r\n\x89PNG\r\n\x1a\n\0evil'
    expect(send('multipart/related; boundary=b', png, 'Content-Disposition: attachment; filename="a.txt"\r\n\r\nevil')).toEqual(
      [],
    )
  })

  test.each([
    ['more in their parts than the limit of arguments', 'Content-Type: application/json\r\n\r\n[1,2]', '\r\n[3,4,5]'],
    ['more parts than that', ...Array<string>(7).fill('\r\nx')],
    ['too many headers in a part', 'a: b\r\n'.repeat(70), '\r\nx'],
    ['a part that begins in the middle', ' a\r\n\r\nx', '\r\nx'],
  ])('with %s are told', (_what, ...parts) => {
    const limited = rulesOf('SecArgumentsLimit 6\nSecRule REQBODY_ERROR "@eq 1" "id:1"')
    const body = `${parts.map((part) => `--b\r\n${part}\r\n`).join('')}--b--\r\n`
    const headers = [['Content-Type', 'multipart/related; boundary=b']] as const
    expect(transact(limited, { method: 'POST', headers, body }).rules).toEqual([1])
  })

  test('mail and batches of requests are left alone', () => {
    const part = 'Content-Type: application/http\r\nContent-ID: <1>\r\n\r\nGET /a HTTP/1.1\r\n'
    expect(send('multipart/mixed; boundary=b', part, part, '\r\n--c\r\nevil')).toEqual([])
  })
})

describe('actions that are changed later', () => {
  test('message and tags are those that were written last', () => {
    const rules = rulesOf(
      `SecRule ARGS "@rx x" "id:1,msg:'old',tag:'a'"\nSecRuleUpdateActionById 1 "msg:'new',tag:'b'"\nSecRule ARGS "@rx x" "id:2,tag:'b'"`,
    )
    expect(transact(rules, { target: '/?a=x' }).messages.map(({ msg }) => msg)).toEqual(['new', ''])
    const without = rulesOf(
      `SecAction "id:9,phase:1,nolog,ctl:ruleRemoveByTag=b"\nSecRule ARGS "@rx x" "id:1"\nSecRuleUpdateActionById 1 "tag:'b'"`,
    )
    expect(transact(without, { target: '/?a=x' }).rules).toEqual([])
  })
})

describe('persistent collections', () => {
  const text = `
    SecAction "id:1,phase:1,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.count=+1,expirevar:ip.count=60"
    SecRule IP:count "@gt 2" "id:2,phase:1"`

  test('count over requests, and expire', () => {
    let now = 1_700_000_000_000
    const rules = rulesOf(text, { now: () => now })
    expect(rules.refused).toEqual([])
    expect([1, 2, 3].map(() => transact(rules, {}).rules)).toEqual([[], [], [2]])
    now += 61_000
    expect(transact(rules, {}).rules).toEqual([])
  })

  test('lose what is old once, and not again with each request', () => {
    let now = 1_700_000_000_000
    const rules = rulesOf(
      `SecAction "id:1,phase:1,nolog,initcol:ip=%{REMOTE_ADDR},deprecatevar:ip.score=10/60,deprecatevar:ip.other=10/60"
       SecRule ARGS:hit "@streq 1" "id:2,phase:1,nolog,setvar:ip.score=+100,setvar:ip.other=+100"
       SecAction "id:3,phase:1,msg:'%{ip.score} %{ip.other}'"`,
      { now: () => now },
    )
    const scores = (target: string) => transact(rules, { target }).messages[0]!.msg
    expect(scores('/?hit=1')).toBe('100 100')
    now += 120_000
    expect([1, 2, 3].map(() => scores('/'))).toEqual(['80 80', '80 80', '80 80'])
    now += 60_000
    expect(scores('/')).toBe('70 70')
  })

  test('are new until the end of the first request that writes to them, and count requests', () => {
    const rules = rulesOf(
      `SecAction "id:1,phase:1,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.a=1,setvar:ip.b=1"
       SecAction "id:2,phase:1,msg:'%{ip.is_new} %{ip.update_counter}'"`,
    )
    expect([1, 2, 3].map(() => transact(rules, {}).messages[0]!.msg)).toEqual(['1 0', '0 1', '0 2'])
  })

  test('are forgotten beyond the bound, those first that were not used for the longest time', () => {
    const store = memoryStore(2)
    store.open('IP', 'a', 0, 60).members.set('n', { name: 'n', value: '1' })
    store.open('IP', 'b', 0, 60)
    store.open('IP', 'a', 0, 60)
    store.open('IP', 'c', 0, 60)
    expect(store.size()).toBe(2)
    expect(store.open('IP', 'a', 0, 60).members.size).toBe(1)
  })
})

describe('numbers', () => {
  test.each([
    ['999999999999999999999999', true],
    ['-999999999999999999999999', false],
    ['\xa05', false],
    [' \t5', true],
    ['4x', false],
  ])('of %j: at least five is %s', (value, holds) => {
    const sum = rulesOf('SecAction "id:1,nolog,setvar:tx.n=+%{ARGS.a},setvar:tx.n=+0"\nSecRule TX:n "@ge 5" "id:2"')
    const direct = rulesOf('SecRule ARGS:a "@ge 5" "id:2"')
    const target = `/?a=${encodeURIComponent(value).replace('%C2', '')}`
    expect([transact(sum, { target }).rules, transact(direct, { target }).rules]).toEqual(holds ? [[2], [2]] : [[], []])
  })
})

describe('what cannot be loaded is named', () => {
  const REFUSED: readonly (readonly [rules: string, line: number, reason: RegExp])[] = [
    ['\nSecRule ARGS "@nothingKnown x" "id:1"', 2, /no operator @nothingknown/],
    ['SecRule NOTHING "@rx x" "id:1"', 1, /no variable NOTHING/],
    ['SecRule ARGS "@rx x" "id:1,t:nothing"', 1, /no transformation t:nothing/],
    ['SecRule ARGS "@rx x" "id:1,explode"', 1, /no action explode/],
    ['SecRule ARGS "@rx x" "id:1,exec:/bin/true"', 1, /no action exec/],
    ['SecRule ARGS "@rx x" "phase:1"', 1, /no id/],
    ['SecAction "id:1"\nSecAction "id:1"', 2, /id 1 is taken/],
    ['SecRule ARGS "@rx x" "id:1,phase:9"', 1, /no phase/],
    ['SecRule ARGS:/x "@rx x" "id:1"', 1, /closing \//],
    ['SecRule ARGS "@rx (" "id:1"', 1, /pattern/],
    ['SecRule ARGS "@pmFromFile absent.data" "id:1"', 1, /absent\.data cannot be read/],
    ['SecRule XML:/a[1] "@rx x" "id:1"', 1, /path/],
    ['SecAction "id:1"\nSecRuleUpdateActionById 1 "phase:1"', 2, /phase of a rule cannot be changed/],
    ['SecTurnAround On', 1, /SecTurnAround is not known/],
    ['Include absent.conf', 1, /absent\.conf cannot be read/],
    ['SecAction "id:1,setvar:nothing.a=1"', 1, /no member/],
    ['SecAction "id:1,ctl:nothing=1"', 1, /no ctl option/],
    ['\nSecRule ARGS "@rx x" "id:1,deny,chain"', 2, /no further rule/],
    ['SecRule ARGS "@rx x" "id:1,chain"\nSecRule ARGS "@rx x" "id:2,deny"', 2, /deny stands in the middle/],
  ]

  test.each(REFUSED)('%j', (rules, line, reason) => {
    const { refused } = rulesOf(rules)
    expect(refused).toHaveLength(1)
    expect(refused[0]).toMatchObject({ line, reason: expect.stringMatching(reason) })
  })

  test('a chain goes as a whole, and the rules after it stay', () => {
    const rules = rulesOf(
      'SecRule ARGS "@rx x" "id:1,chain"\nSecRule NOTHING "@rx x" "chain"\nSecRule ARGS "@rx x"\nSecAction "id:2"',
    )
    expect(rules.refused).toHaveLength(1)
    expect(rules.loaded).toBe(1)
    expect(transact(rules, { target: '/?a=x' }).rules).toEqual([2])
  })

  test('a message that speaks of a chain begins none', () => {
    const rules = rulesOf(`SecRule ARGS "@rx x" "id:1,tag:'a,chain,b',msg:'a kill chain, stage 1'"\nSecAction "id:2"`)
    expect(transact(rules, {}).rules).toEqual([2])
  })

  test('a chain that was removed before its end takes no other rule along', () => {
    const rules = rulesOf('SecAction "id:2"\nSecRule ARGS "@rx x" "id:1,chain"\nSecRuleRemoveById 1')
    expect(rules.refused).toEqual([])
    expect(transact(rules, {}).rules).toEqual([2])
  })

  test('directives without effect are listed', () => {
    expect(rulesOf('SecAuditEngine On').ignored).toMatchObject([{ line: 1, directive: 'SecAuditEngine' }])
  })

  test('files include others, also by a pattern', () => {
    const rules = rulesOf('Include more-*.conf\nIncludeOptional absent.conf', { beside: { 'more-1.conf': 'SecAction "id:5"' } })
    expect(rules.refused).toEqual([])
    expect(transact(rules, {}).rules).toEqual([5])
  })

  test('members of TX that are set from outside are there from the start', () => {
    const rules = rulesOf('SecRule TX:level "@eq 3" "id:1,phase:1"', { set: { 'tx.level': '3' } })
    expect(transact(rules, {}).rules).toEqual([1])
  })
})
