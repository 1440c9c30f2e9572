import { createHash } from 'node:crypto'
import type { Cause } from '../inventory/causes.ts'

/** What an attack looks like on the wire, where that is known of a CVE: targets, operator, transformations. */
interface Shape {
  readonly targets: string
  readonly operator: string
  readonly phase: 1 | 2
}

const EVERYWHERE = 'REQUEST_URI|REQUEST_HEADERS|ARGS|ARGS_NAMES|REQUEST_COOKIES'

const BY_CVE: Readonly<Record<string, Shape>> = {
  // Log4Shell and its sequels: a lookup, also with lookups inside its name.
  'CVE-2021-44228': { targets: EVERYWHERE, operator: '@rx \\$\\{[^}]{0,40}(?:j\\W{0,4}n|\\$\\{|:-)', phase: 2 },
  'CVE-2021-45046': { targets: EVERYWHERE, operator: '@rx \\$\\{[^}]{0,40}(?:j\\W{0,4}n|\\$\\{|:-)', phase: 2 },
  // Spring4Shell: binding to the class loader.
  'CVE-2022-22965': {
    targets: 'ARGS_NAMES',
    operator: '@rx (?i)^(?:.{0,60}\\.)?class(?:\\.|\\[)(?:.{0,20})(?:module|classloader)',
    phase: 2,
  },
  // Shellshock: a function in a variable.
  'CVE-2014-6271': { targets: 'REQUEST_HEADERS|REQUEST_LINE', operator: '@rx ^\\(\\s{0,8}\\)\\s{0,8}\\{', phase: 1 },
  // Struts: an expression in the content type.
  'CVE-2017-5638': { targets: 'REQUEST_HEADERS:Content-Type', operator: '@rx [%$]\\{', phase: 1 },
  // Apache httpd 2.4.49 and 2.4.50: a folder above, half encoded.
  'CVE-2021-41773': { targets: 'REQUEST_URI_RAW', operator: '@rx (?i)(?:\\.|%2e|%%32%65)(?:%2e|%%32%65)/', phase: 1 },
  'CVE-2021-42013': { targets: 'REQUEST_URI_RAW', operator: '@rx (?i)(?:\\.|%2e|%%32%65)(?:%2e|%%32%65)/', phase: 1 },
}

/** By class of attack, at the parameter where a scanner found it. */
const BY_CWE: Readonly<Record<string, string>> = {
  'CWE-89': '@detectSQLi',
  'CWE-79': '@detectXSS',
  'CWE-22': '@rx (?:^|[/\\\\])\\.\\.(?:[/\\\\]|$)',
  'CWE-78': '@rx [;|&`$><\\n]',
  'CWE-77': '@rx [;|&`$><\\n]',
  'CWE-601': '@rx ^(?:[a-zA-Z][a-zA-Z0-9+.-]{0,20}:)?[/\\\\]{2}',
  'CWE-918': '@rx ^[a-zA-Z][a-zA-Z0-9+.-]{0,20}:[/\\\\]{2}',
}

/** Ids of our own for virtual patches. */
const FIRST_ID = 8_800_000
const IDS = 99_999

/**
 * A rule for the firewall until the fix is in, in its shadow first: it passes and logs. Null where the weakness has no face
 * on the wire that is known here: a rule that is guessed stops customers, not attackers.
 */
export function virtualPatch({ row, names }: Pick<Cause, 'row' | 'names'>): string | null {
  const known = names.map((name) => BY_CVE[name]).find((shape) => shape !== undefined)
  if (known !== undefined) return ruleOf(row.id, known.targets, known.operator, known.phase, undefined)
  if (row.kind !== 'web') return null
  const operator = names.map((name) => BY_CWE[name]).find((one) => one !== undefined)
  const [address = '', parameter = ''] = row.package.split(' ')
  const path = URL.parse(address)?.pathname
  // What stands in a rule may not end its quotes or begin another directive.
  if (operator === undefined || path === undefined || !/^[\w./~-]{1,300}$/.test(path) || !/^[\w.[\]-]{1,100}$/.test(parameter))
    return null
  return ruleOf(row.id, `ARGS:${parameter}`, operator, 2, path)
}

function ruleOf(name: string, targets: string, operator: string, phase: 1 | 2, path: string | undefined): string {
  const id =
    FIRST_ID +
    (createHash('sha256')
      .update(`${name} ${targets} ${path ?? ''}`)
      .digest()
      .readUInt32BE(0) %
      IDS)
  const title = name.replaceAll(/[^\w.:-]/g, '_').slice(0, 80)
  const actions = `id:${id},phase:${phase},pass,log,auditlog,t:none,t:urlDecodeUni,msg:'Virtual patch ${title}',tag:'virtual-patch'`
  const rule = `SecRule ${targets} "${operator}"`
  if (path === undefined) return `${rule} \\\n  "${actions}"\n`
  return `SecRule REQUEST_FILENAME "@streq ${path}" \\\n  "${actions.replace(',t:urlDecodeUni', '')},chain"\n  ${rule} \\\n    "t:none,t:urlDecodeUni"\n`
}
