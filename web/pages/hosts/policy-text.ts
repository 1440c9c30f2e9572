import { INTEGRITY_CHECKS, type IntegrityCheck, type IntegrityRule, type PolicySettings } from '../../../src/hosts/schema.ts'

const FROZEN = 'frozen'
const isCheck = (word: string): word is IntegrityCheck => INTEGRITY_CHECKS.some((one) => one === word)

/** A rule as a line: `/srv/app content,owner frozen`; settings as `name: value` with a semicolon between. */
export function textOf(said: IntegrityRule | PolicySettings): string {
  if ('path' in said) {
    const all = said.check.length === INTEGRITY_CHECKS.length
    return [
      /\s/.test(said.path) ? `"${said.path}"` : said.path,
      ...(all ? [] : [said.check.join(',')]),
      ...(said.frozen === true ? [FROZEN] : []),
    ].join(' ')
  }
  return Object.entries(said)
    .map(([name, value]) => {
      if (name === 'integrity') return `${name}: ${(value as IntegrityRule[]).map(textOf).join(', ')}`
      return `${name}: ${Array.isArray(value) ? value.join(', ') : String(value)}`
    })
    .join('; ')
}

/** Rules of lines: a path (in quotes where it has spaces), what is compared (all by default), `frozen`. Undefined where one is wrong. */
export function rulesOf(text: string): IntegrityRule[] | undefined {
  const rules: IntegrityRule[] = []
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue
    const match = /^\s*(?:"([^"]+)"|(\S+))((?:\s+\S+)*)\s*$/.exec(line)
    const path = match?.[1] ?? match?.[2]
    if (path === undefined || !path.startsWith('/') || path.length < 2) return undefined
    const words = (match?.[3] ?? '').split(/[\s,]+/).filter((word) => word !== '')
    const check = words.filter(isCheck)
    if (words.some((word) => word !== FROZEN && !isCheck(word))) return undefined
    rules.push({
      path,
      check: check.length === 0 ? [...INTEGRITY_CHECKS] : check,
      ...(words.includes(FROZEN) ? { frozen: true } : {}),
    })
  }
  return rules
}
