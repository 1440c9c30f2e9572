/** A record whose further lines have no header of their own. */
export interface Continuation {
  /** Whether the line is part of it, and whether it is complete with that. */
  take(line: string): { readonly belongs: boolean; readonly ended: boolean }
}

/** PostgreSQL writes two spaces behind the level. */
const POSTGRES =
  /\b(?:DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|QUERY|CONTEXT|STATEMENT|LOCATION|BACKTRACE): {2}/
const POSTGRES_CSV = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} [^,\s]{1,40},/

/** MySQL's general log: time (none if it is that of the line before), thread, command. */
export const MYSQL_GENERAL =
  /^(?:\d{6} [ \d]\d:\d\d:\d\d\t|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}(?:Z|[+-]\d\d:\d\d)[ \t]|\t\t) *(\d{1,20}) ([A-Z][A-Za-z]+(?: [A-Za-z]+){0,2})(?:\t| {2,}|$)/
const MYSQL_STATEMENT: ReadonlySet<string> = new Set(['Query', 'Execute', 'Prepare'])
/** What the server writes when it opens the file. */
const MYSQL_BANNER = /, Version: .{1,200}started with:$|^Tcp port: \d|^Time {1,20}Id Command|^Time\t/

const TABBED: Continuation = { take: (line) => ({ belongs: line.charCodeAt(0) === 9, ended: false }) }
const STATEMENT: Continuation = {
  take: (line) => ({ belongs: !MYSQL_GENERAL.test(line) && !MYSQL_BANNER.test(line), ended: false }),
}

/** How a line may go on; undefined where it cannot. */
export function continuationOf(line: string): Continuation | undefined {
  const first = line.charCodeAt(0)
  if (first >= 48 && first <= 57 && POSTGRES_CSV.test(line)) return oddQuotes(line) ? quoted() : undefined
  const colon = line.indexOf(':  ')
  if (colon > 0 && colon < 600 && POSTGRES.test(line.slice(Math.max(0, colon - 12), colon + 3))) return TABBED
  if (first !== 9 && !(first >= 48 && first <= 57)) return undefined
  const general = MYSQL_GENERAL.exec(line)
  return general !== null && MYSQL_STATEMENT.has(general[2]!) ? STATEMENT : undefined
}

/** Until the quotation marks are even: a text of CSV may hold line feeds. */
function quoted(): Continuation {
  return {
    take(line) {
      return { belongs: true, ended: oddQuotes(line) }
    },
  }
}

function oddQuotes(line: string): boolean {
  let odd = false
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) odd = !odd
  return odd
}
