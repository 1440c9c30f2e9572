import { KanpekiError } from '../../kernel/error.ts'
import { parseActions, phaseOf, valuesOf } from './actions.ts'
import { chooseById, chooseByText } from './choose.ts'
import type { Draft } from './draft.ts'
import type { Gathered } from './gathered.ts'
import { parseTargets } from './targets.ts'
import type { Statement } from './words.ts'

type Directive = (words: readonly string[], gathered: Gathered) => void

/**
 * Directives that load and change nothing: of logs that Kanpeki writes in its own way, of features of a web server or
 * of an engine that is not there, and of memory and files that are not used. They are counted and told at the start.
 */
const WITHOUT_EFFECT = new Set(
  `secauditengine secauditlog secauditlog2 secauditlogdirmode secauditlogfilemode secauditlogformat secauditlogparts
  secauditlogprefix secauditlogrelevantstatus secauditlogstoragedir secauditlogtype secchrootdir sececonnengine
  seccomponentsignature secconnengine secconnreadstatelimit secconnwritestatelimit seccontentinjection seccookieformat
  seccookiev0separator secdatadir secdebuglog secdebugloglevel secdisablebackendcompression secgsblookupdb secguardianlog
  sechashengine sechashkey sechashmethodpm sechashmethodrx sechashparam sechttpblkey secinterceptonerror secpcrematchlimit
  secpcrematchlimitrecursion secpostponeindexing secreadstatelimit secremoterules secremoterulesfailaction
  secrequestbodyinmemorylimit secruleperftime secsensorid secserversignature secstatusengine
  secstreaminbodyinspection secstreamoutbodyinspection sectmpdir sectmpsaveuploadedfiles secunicodecodepage
  secunicodemapfile secuploaddir secuploadfilelimit secuploadfilemode secuploadkeepfiles secwritestatelimit
  secxmlexternalentity secparsexmlintoargs secgeolookupdb seccacheTransformations secrulescript`
    .toLowerCase()
    .split(/\s+/),
)

const table: Readonly<Record<string, Directive>> = {
  secmarker: ([label = ''], gathered) => gathered.items.push({ kind: 'marker', label }),
  secdefaultaction: ([text = ''], gathered) => {
    const actions = parseActions(text)
    gathered.defaults.set(phaseOf(actions), actions)
  },
  secruleengine: ([value = ''], { settings }) => {
    const engine = ({ on: 'on', off: 'off', detectiononly: 'detection' } as const)[value.toLowerCase()]
    if (engine === undefined)
      throw new KanpekiError('seclang-directive', `SecRuleEngine is On, Off or DetectionOnly, not "${value}"`)
    settings.engine = engine
  },
  secrequestbodyaccess: ([value], { settings }) => {
    settings.requestBodyAccess = onOff(value)
  },
  secrequestbodylimit: ([value], { settings }) => {
    settings.requestBodyLimit = number(value)
  },
  secrequestbodynofileslimit: ([value], { settings }) => {
    settings.requestBodyNoFilesLimit = number(value)
  },
  secrequestbodylimitaction: ([value], { settings }) => {
    settings.requestBodyLimitAction = limitAction(value)
  },
  secrequestbodyjsondepthlimit: ([value], { settings }) => {
    settings.jsonDepthLimit = number(value)
  },
  secargumentslimit: ([value], { settings }) => {
    settings.argumentsLimit = number(value)
  },
  secresponsebodyaccess: ([value], { settings }) => {
    settings.responseBodyAccess = onOff(value)
  },
  secresponsebodylimit: ([value], { settings }) => {
    settings.responseBodyLimit = number(value)
  },
  secresponsebodylimitaction: ([value], { settings }) => {
    settings.responseBodyLimitAction = limitAction(value)
  },
  secresponsebodymimetype: (types, { settings }) => {
    settings.responseBodyTypes ??= new Set()
    for (const type of types) settings.responseBodyTypes.add(type.toLowerCase())
  },
  secresponsebodymimetypesclear: (_, { settings }) => {
    settings.responseBodyTypes = new Set()
  },
  secargumentseparator: ([value = ''], { settings }) => {
    if (value.length !== 1) throw new KanpekiError('seclang-directive', 'SecArgumentSeparator is one character')
    settings.argumentSeparator = value
  },
  seccollectiontimeout: ([value], { settings }) => {
    settings.collectionTimeout = number(value)
  },
  secwebappid: ([value = ''], { settings }) => {
    settings.webAppId = value
  },
  secruleremovebyid: (words, gathered) => remove(gathered, chooseById(gathered.rules, words.join(' '))),
  secruleremovebytag: ([pattern = ''], gathered) =>
    remove(
      gathered,
      chooseByText(gathered.rules, pattern, (rule) => rule.tags),
    ),
  secruleremovebymsg: ([pattern = ''], gathered) =>
    remove(
      gathered,
      chooseByText(gathered.rules, pattern, (rule) => [rule.msg]),
    ),
  secruleupdatetargetbyid: ([ids = '', ...words], gathered) => retarget(chooseById(gathered.rules, ids), words),
  secruleupdatetargetbytag: ([pattern = '', ...words], gathered) =>
    retarget(
      chooseByText(gathered.rules, pattern, (rule) => rule.tags),
      words,
    ),
  secruleupdatetargetbymsg: ([pattern = '', ...words], gathered) =>
    retarget(
      chooseByText(gathered.rules, pattern, (rule) => [rule.msg]),
      words,
    ),
  secruleupdateactionbyid: ([id = '', text = ''], gathered) => reaction(gathered, id, text),
}

/** Carries a directive out. Throws `KanpekiError` where it is unknown or its words make no sense. */
export function directives(name: string, statement: Statement, gathered: Gathered): void {
  const directive = Object.hasOwn(table, name) ? table[name] : undefined
  if (directive !== undefined) {
    directive(statement.words.slice(1), gathered)
    return
  }
  if (!WITHOUT_EFFECT.has(name)) {
    throw new KanpekiError('seclang-directive', `the directive ${statement.words[0]!.slice(0, 60)} is not known`)
  }
  gathered.ignored.push({ file: statement.file, line: statement.line, directive: statement.words[0]! })
}

function remove(gathered: Gathered, rules: readonly Draft[]): void {
  const gone = new Set(rules)
  for (const rule of rules) gathered.ids.delete(rule.id)
  const left = gathered.items.filter((item) => item.kind === 'marker' || !gone.has(item))
  gathered.items.splice(0, gathered.items.length, ...left)
}

/** Adds targets, exclusions mostly. A third word names targets that the new ones stand for. */
function retarget(rules: readonly Draft[], [added = '', replaced]: readonly string[]): void {
  const targets = added.split(/,(?=\s*[!&]*[A-Za-z_]+(?:[:|,]|$))/).flatMap((part) => parseTargets(part.trim()))
  const gone = replaced === undefined ? [] : parseTargets(replaced)
  const same = (one: object, other: object) => JSON.stringify(one) === JSON.stringify(other)
  for (const rule of rules) {
    rule.targets = [...rule.targets.filter((target) => !gone.some((one) => same(one, target))), ...targets]
  }
}

/** `12345` means a rule or the first of its chain, `12345:1` the next one of the chain. */
function reaction(gathered: Gathered, text: string, written: string): void {
  const match = /^(\d+)(?::(\d+))?$/.exec(text)
  if (match === null) throw new KanpekiError('seclang-ids', `"${text}" is no rule id`)
  const added = parseActions(written)
  const fixed = added.find(({ name }) => name === 'id' || name === 'phase' || name === 'chain')
  if (fixed !== undefined) throw new KanpekiError('seclang-action', `${fixed.name} of a rule cannot be changed`)
  for (const first of chooseById(gathered.rules, match[1]!)) {
    const place = Number(match[2] ?? 0)
    const rule = place === 0 ? first : first.chain[place - 1]
    if (rule === undefined) throw new KanpekiError('seclang-ids', `the chain of ${match[1]} has no rule ${place}`)
    const renewed = added.some((action) => action.name === 't')
      ? rule.actions.filter((action) => action.name !== 't')
      : rule.actions
    rule.actions = [...renewed, ...added]
    rule.tags = valuesOf(rule.actions, 'tag')
    rule.msg = valuesOf(rule.actions, 'msg').at(-1) ?? ''
  }
}

function onOff(value = ''): boolean {
  const lower = value.toLowerCase()
  if (lower !== 'on' && lower !== 'off') throw new KanpekiError('seclang-directive', `"${value}" is neither On nor Off`)
  return lower === 'on'
}

function limitAction(value = ''): 'reject' | 'partial' {
  const lower = value.toLowerCase()
  if (lower === 'reject') return 'reject'
  if (lower === 'processpartial') return 'partial'
  throw new KanpekiError('seclang-directive', `"${value}" is neither Reject nor ProcessPartial`)
}

function number(value = ''): number {
  const parsed = Number(value)
  if (value === '' || !Number.isSafeInteger(parsed) || parsed < 0)
    throw new KanpekiError('seclang-directive', `"${value}" is no number`)
  return parsed
}
