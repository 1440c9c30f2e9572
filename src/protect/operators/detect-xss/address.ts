import { htmlEntityDecode } from '../../transforms/html-entity-decode.ts'

const SCRIPTS =
  /^(?:javascript|vbscript|livescript|mocha|jscript|vbs|jar|view-source|feed|firefoxurl|mhtml|ms-its|mk|res|wyciwyg|behavior):/
const DATA_DOCUMENT = /^data:[^,]{0,80}(?:html|xml|svg|script|ecma)/
const DATA =
  /^data:(?:[^,]{0,60}(?:html|xml|svg|script|ecma)|,|;|text\/(?!plain)|[^a-z]|application\/(?!pdf|json|octet)|[a-z]+\/[+*-])/
/** References that browsers know and the transformation does not. */
const NAMED: Readonly<Record<string, string>> = {
  colon: ':',
  tab: '\t',
  newline: '\n',
  lpar: '(',
  rpar: ')',
  period: '.',
  sol: '/',
  semi: ';',
  comma: ',',
  lbrack: '[',
  bsol: '\\',
}

/** True where following the address runs what stands in it; `isAlone` where it is a whole value, which may be text with a colon. References, escapes, white space and controls inside are read past, as browsers do. */
export function runsScript(value: string, isAlone = false): boolean {
  const beginning = value.slice(0, 400)
  const decoded = htmlEntityDecode(beginning).replace(
    /&(colon|tab|newline|lpar|rpar|period|sol|semi|comma|lbrack|bsol);?/gi,
    (_, name: string) => NAMED[name.toLowerCase()]!,
  )
  const plain = unescaped(decoded)
    .replace(/[\0-\x20\x7f-\xa0"'`\\]/g, '')
    .toLowerCase()
  return SCRIPTS.test(plain) || (isAlone ? DATA_DOCUMENT : DATA).test(plain)
}

/** `%6a`, `\6a `, `\x6a`, `\u006a` as their bytes: addresses are decoded more than once on their way. */
function unescaped(text: string): string {
  return text
    .replace(/%u?0{0,2}([0-9a-f]{2})/gi, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)))
    .replace(/\\(?:x|u00|u\{0*|0{0,4})([0-9a-f]{2})\}? ?/gi, (_, digits: string) =>
      String.fromCharCode(Number.parseInt(digits, 16)),
    )
}

/** True where a style does more than look: expressions, bindings, addresses that run, and escapes, which only hide. */
export function styleRuns(value: string): boolean {
  const plain = htmlEntityDecode(value.slice(0, 4000))
    .replace(/\/\*.{0,200}?\*\/|[\0-\x20]/g, '')
    .toLowerCase()
  return /expression\(|javascript:|vbscript:|-moz-binding|behaviou?r:|@import|url\(["']?(?:javascript|data:text|vbscript)|\\[0-9a-f]{2}|\\[g-z]|position:(?:fixed|absolute).*(?:inset|width):100/.test(
    plain,
  )
}
