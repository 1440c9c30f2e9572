import { KanpekiError } from '../../kernel/error.ts'
import { leadingInteger } from '../operators/numbers.ts'
import { expand } from './expand.ts'
import { parseMacro } from './macro.ts'
import type { Effect, OpenedCollection, Run } from './program.ts'

const COLLECTIONS = new Set(['TX', 'IP', 'GLOBAL', 'SESSION', 'USER', 'RESOURCE', 'ENV'])

/** Members that one transaction may keep in `TX`: rules that name them after arguments must not fill the memory. */
const MOST_MEMBERS = 10_000

/** Compiles `setvar`: `tx.a`, `tx.a=b`, `tx.a=+1`, `tx.a=-1`, `!tx.a`. Names and values may hold macros. */
export function compileSetvar(text: string): Effect {
  const removes = text.startsWith('!')
  const { collection, rest } = readName(removes ? text.slice(1) : text)
  const equals = rest.indexOf('=')
  const name = parseMacro(equals < 0 ? rest : rest.slice(0, equals))
  const written = equals < 0 ? '1' : rest.slice(equals + 1)
  if (removes) return (run) => removeMember(run, collection, expand(run, name))
  const sign = written[0] === '+' ? 1 : written[0] === '-' ? -1 : 0
  const value = parseMacro(sign === 0 ? written : written.slice(1))
  if (sign === 0) return (run) => setMember(run, collection, expand(run, name), expand(run, value))
  return (run) => {
    const key = expand(run, name)
    setMember(
      run,
      collection,
      key,
      String(leadingInteger(readMember(run, collection, key)) + sign * leadingInteger(expand(run, value))),
    )
  }
}

/** `expirevar:ip.blocked=60`: the member is forgotten that many seconds from now. */
export function compileExpirevar(text: string): Effect {
  const { collection, rest } = readName(text)
  const equals = rest.indexOf('=')
  const name = parseMacro(equals < 0 ? rest : rest.slice(0, equals))
  const seconds = parseMacro(equals < 0 ? '60' : rest.slice(equals + 1))
  return (run) => {
    const member = run.opened.get(collection)?.stored.members.get(expand(run, name).toLowerCase())
    if (member !== undefined) member.expires = run.now() + leadingInteger(expand(run, seconds)) * 1000
  }
}

/** `deprecatevar:session.score=60/300`: takes 60 away for every 300 seconds since the last change. */
export function compileDeprecatevar(text: string): Effect {
  const { collection, rest } = readName(text)
  const match = /^([^=]+)=(\d+)\/(\d+)$/.exec(rest)
  if (match === null) throw new KanpekiError('seclang-action', `deprecatevar needs COLLECTION.NAME=AMOUNT/SECONDS, not "${text}"`)
  const name = parseMacro(match[1]!)
  const [amount, period] = [Number(match[2]), Number(match[3]) * 1000]
  return (run) => {
    const opened = run.opened.get(collection)
    const member = opened?.stored.members.get(expand(run, name).toLowerCase())
    if (opened === undefined || member === undefined || period === 0) return
    const periods = Math.floor((run.now() - opened.changed) / period)
    const value = leadingInteger(member.value)
    const left = Math.max(0, value - amount * periods)
    if (periods <= 0 || left >= value) return
    member.value = String(left)
    noteUpdate(run, opened)
  }
}

/** `initcol:ip=%{REMOTE_ADDR}`. */
export function compileInitcol(text: string): Effect {
  const equals = text.indexOf('=')
  const collection = text.slice(0, Math.max(equals, 0)).trim().toUpperCase()
  if (!COLLECTIONS.has(collection) || collection === 'TX' || collection === 'ENV') {
    throw new KanpekiError('seclang-action', `initcol needs one of ip, global, session, user, resource, not "${text}"`)
  }
  return compileOpen(collection, text.slice(equals + 1))
}

/** `setsid`, `setuid`, `setrsc`: open a collection by a key. */
export function compileOpen(collection: string, key: string): Effect {
  const macro = parseMacro(key)
  return (run) => openCollection(run, collection, expand(run, macro))
}

function openCollection(run: Run, collection: string, key: string): void {
  if (key === '' || run.opened.has(collection)) return
  const { webAppId, collectionTimeout } = run.facts.settings
  // Sessions and users belong to one application, as in ModSecurity; addresses are everyone's.
  const full = collection === 'SESSION' || collection === 'USER' ? `${webAppId}_${key}` : key
  const stored = run.store.open(collection, full, run.now(), collectionTimeout)
  run.opened.set(collection, { key, stored, changed: stored.changed, updates: stored.updates, written: false })
}

function readName(text: string): { collection: string; rest: string } {
  const match = /^\s*([A-Za-z]+)[.:]([\s\S]+)$/.exec(text)
  const collection = (match?.[1] ?? '').toUpperCase()
  if (match === null || !COLLECTIONS.has(collection)) {
    throw new KanpekiError('seclang-action', `"${text.slice(0, 60)}" names no member of a collection that rules can set`)
  }
  return { collection, rest: match[2]! }
}

function readMember(run: Run, collection: string, name: string): string {
  const key = name.toLowerCase()
  if (collection === 'TX') return run.tx.get(key)?.value ?? ''
  if (collection === 'ENV') return run.env.get(key)?.value ?? ''
  return run.opened.get(collection)?.stored.members.get(key)?.value ?? ''
}

function setMember(run: Run, collection: string, name: string, value: string): void {
  if (collection === 'TX') {
    if (run.tx.size < MOST_MEMBERS || run.tx.has(name.toLowerCase())) run.setTx(name, value)
    return
  }
  const key = name.toLowerCase()
  if (collection === 'ENV') {
    run.env.set(key, { name, value })
    return
  }
  const opened = run.opened.get(collection)
  if (opened === undefined) return
  const { stored } = opened
  if (key === 'timeout') {
    stored.timeout = leadingInteger(value)
    return
  }
  if (stored.members.size >= MOST_MEMBERS && !stored.members.has(key)) return
  const member = stored.members.get(key)
  if (member === undefined) stored.members.set(key, { name, value })
  else member.value = value
  noteUpdate(run, opened)
}

function noteUpdate(run: Run, opened: OpenedCollection): void {
  opened.stored.changed = run.now()
  if (!opened.written) opened.stored.updates += 1
  opened.written = true
}

function removeMember(run: Run, collection: string, name: string): void {
  const key = name.toLowerCase()
  if (collection === 'TX') run.tx.delete(key)
  else if (collection === 'ENV') run.env.delete(key)
  else run.opened.get(collection)?.stored.members.delete(key)
}
