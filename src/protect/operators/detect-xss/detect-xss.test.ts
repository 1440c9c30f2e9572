import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sharedData } from '../../../kernel/testing/shared-data.ts'
import { htmlEntityDecode } from '../../transforms/html-entity-decode.ts'
import { urlDecodeUni } from '../../transforms/url-decode.ts'
import { detectXss } from './detect-xss.ts'

const data = sharedData('waf/payloads')

function linesOf(name: string): string[] {
  return readFileSync(`${data}/${name}`, 'latin1')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
}

/** As rule 941100 asks: of the value as it came, and decoded. */
function found(value: string): boolean {
  const decoded = urlDecodeUni(value)
  return [value, decoded, htmlEntityDecode(decoded)].some((each) => detectXss(each) !== undefined)
}

describe('detectXSS', () => {
  test.skipIf(data === undefined)('finds published attacks and leaves everyday values alone', () => {
    const attacks = linesOf('xss.txt')
    const benign = linesOf('benign.txt')
    const hits = attacks.filter(found).length
    const wrong = benign.filter(found)
    console.log(
      `detectXSS: ${hits} of ${attacks.length} attacks found, ${wrong.length} of ${benign.length} benign values wrongly`,
    )
    expect(hits / attacks.length).toBeGreaterThan(0.96)
    expect(wrong).toEqual([])
  })

  test.each([
    '<script>alert(1)</script>',
    '<ScRiPt/src=//x.example/a.js>',
    '<img src=x onerror=alert(1)>',
    '<svg/onload=alert`1`>',
    '" onmouseover="alert(1)',
    "' autofocus onfocus=alert(1) x='",
    'x onfocus=alert(1) autofocus',
    '<a href="java\tscript:alert(1)">x</a>',
    '<a href="&#106;avascript&colon;alert(1)">x</a>',
    'javascript:alert(document.cookie)',
    'data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==',
    '<details open ontoggle=alert(1)>',
    '<x onanythingnew=alert(1)>',
    '<iframe srcdoc="&lt;script&gt;alert(1)&lt;/script&gt;">',
    '<div style="width:expression(alert(1))">',
    '<!--[if gte IE 4]><script>alert(1)</script><![endif]-->',
    '<form><button formaction=javascript:alert(1)>x',
    '"><script>alert(1)</script>',
    '<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>',
  ])('finds %s', (value) => expect(detectXss(value)).toBeDefined())

  test.each([
    '<a href="/foo.html">foo</a>',
    '<p style="color: red">it is <b>bold</b> & on = off</p>',
    '<img src="https://example.com/a.png" alt="on the road">',
    'a < b and c > d; x = on',
    'based on=yes',
    'https://example.com/?next=/home&online=1',
    'feed: the birds',
    'data: 5 items, 3 left',
    'JavaScript: The Good Parts',
    '<3 you, "quoted" = fine',
    'if (a<b && c>d) { onward = 1 }',
    'name@example.com <name@example.com>',
    'data:image/png;base64,iVBORw0KGgo=',
  ])('leaves %s alone', (value) => expect(detectXss(value)).toBeUndefined())

  test('never throws, and reads a long value in the time of a long value', () => {
    const piece = fc.constantFrom(
      '<',
      '>',
      '"',
      "'",
      '`',
      '=',
      '/',
      ' ',
      '\0',
      '<!',
      '<?',
      '-->',
      'a',
      'onload',
      'href',
      'script',
      'javascript:',
      '&#106;',
      '\\6a',
      'style',
      '<b ',
    )
    let hits = 0
    fc.assert(
      fc.property(fc.string({ unit: piece, maxLength: 40 }), (value) => {
        if (detectXss(value) !== undefined) hits += 1
      }),
      { numRuns: 4000 },
    )
    expect(hits).toBeGreaterThan(100)
    for (const unit of ['<', '<a ', '<!', 'a=', "='", '="', '<a b', '&#', '<b a="', ' x', '`='])
      expect(() => detectXss(unit.repeat(200_000)), unit).not.toThrow()
  })
})
