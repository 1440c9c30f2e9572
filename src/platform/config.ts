import { lstatSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { loadAll } from 'js-yaml'
import type { z } from 'zod'
import { KanpekiError, messageOf } from '../kernel/error.ts'
import { ACCESS } from './settings/access.ts'
import { DOORS } from './settings/doors.ts'
import { KEEPING } from './settings/keeping.ts'
import { PROVING } from './settings/proving.ts'
import { RUNNING } from './settings/running.ts'
import type { Setting } from './settings/setting.ts'

/** Every setting there is: what it means, its default, its form. Flags are `--key`, variables `KANPEKI_KEY`. */
const SETTINGS = { ...DOORS, ...RUNNING, ...KEEPING, ...PROVING, ...ACCESS } as const satisfies Record<string, Setting>

export type SettingKey = keyof typeof SETTINGS

/** Those that `kanpeki up` also takes as `--key VALUE`; the others are for the file and the environment. */
export const FLAG_SETTINGS = [
  'host',
  'port',
  'tls',
  'tls-cert',
  'tls-key',
  'compat-port',
  'syslog-port',
  'syslog-tls-port',
  'gelf-port',
  'memory',
  'log',
] as const satisfies readonly SettingKey[]
type Values = { readonly [K in SettingKey]: z.infer<(typeof SETTINGS)[K]['schema']> }

export interface ExplainedSetting {
  readonly key: SettingKey
  readonly value: unknown
  readonly from: 'flag' | 'environment' | 'file' | 'default'
  readonly fallback: unknown
  readonly meaning: { readonly en: string; readonly ja: string }
}

export interface Config {
  readonly data: string
  readonly values: Values
  readonly explained: readonly ExplainedSetting[]
}

export const CONFIG_FILE = 'kanpeki.yml'

function readFile(data: string): Record<string, unknown> {
  const file = join(data, CONFIG_FILE)
  // A link that leads nowhere is there: settings on a disk that is not mounted are not the defaults.
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return {}
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new KanpekiError('config', `The configuration cannot be read: ${messageOf(error)}.`, { place: { file } })
  }
  let documents: readonly unknown[]
  try {
    documents = loadAll(text)
  } catch (error) {
    throw new KanpekiError('config', `The configuration is not YAML: ${messageOf(error).split('\n')[0]}.`, { place: { file } })
  }
  if (documents.length > 1)
    throw new KanpekiError('config', 'The configuration has more than one YAML document.', { place: { file } })
  // Nothing, or comments alone.
  const loaded = documents[0] ?? {}
  if (typeof loaded !== 'object' || loaded === null || Array.isArray(loaded))
    throw new KanpekiError('config', 'The configuration must be a map of settings.', { place: { file } })
  const unknown = Object.keys(loaded).find((key) => !Object.hasOwn(SETTINGS, key))
  if (unknown !== undefined) {
    throw new KanpekiError('config', `There is no setting '${unknown}'.`, {
      place: { file, field: unknown },
      remedy: `Known: ${Object.keys(SETTINGS).join(', ')}.`,
    })
  }
  return loaded as Record<string, unknown>
}

/**
 * Settings from flags, then `KANPEKI_*`, then `kanpeki.yml` in the data folder, then defaults.
 * @param flags only those that were given, by setting name.
 * @throws KanpekiError `config` with file or variable and field.
 */
export function readConfig(
  data: string,
  flags: Readonly<Partial<Record<SettingKey, string>>>,
  environment: Readonly<Record<string, string | undefined>>,
): Config {
  const folder = resolve(data)
  const file = readFile(folder)
  const explained = (Object.keys(SETTINGS) as SettingKey[]).map((key): ExplainedSetting => {
    const { schema, fallback, meaning }: Setting = SETTINGS[key]
    const variable = `KANPEKI_${key.toUpperCase().replaceAll('-', '_')}`
    const given: readonly [ExplainedSetting['from'], unknown, string][] = [
      ['flag', flags[key], `--${key}`],
      ['environment', listed(key, environment[variable]), variable],
      ['file', file[key], `${join(folder, CONFIG_FILE)} ${key}`],
      ['default', fallback, key],
    ]
    const [from, value, place] = given.find(([, candidate]) => candidate !== undefined)!
    const parsed = schema.safeParse(value)
    if (!parsed.success) {
      throw new KanpekiError('config', `${place} is not valid: ${parsed.error.issues[0]?.message ?? 'wrong form'}.`, {
        remedy: meaning.en,
        place: { field: key },
      })
    }
    return { key, value: parsed.data, from, fallback, meaning }
  })
  return { data: folder, values: Object.fromEntries(explained.map(({ key, value }) => [key, value])) as Values, explained }
}

/** How a variable writes a list. */
const LIST_SEPARATORS: Readonly<Partial<Record<SettingKey, RegExp>>> = {
  rules: /:/,
  geoip: /:/,
  'source-folders': /:/,
  'retention-for': /[\s,]+/,
  'seal-key-command': /\s+/,
  'outgoing-allow': /[\s,]+/,
  'respond-programs': /[\s,]+/,
  'security-contact': /[\s,]+/,
  'tls-names': /[,\s]+/,
}

function listed(key: SettingKey, value: string | undefined): unknown {
  const separator = LIST_SEPARATORS[key]
  return value === undefined || separator === undefined ? value : value.split(separator).filter(Boolean)
}
