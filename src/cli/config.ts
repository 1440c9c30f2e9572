import { join } from 'node:path'
import { explainConfig } from '../app/care/explain-config.ts'
import type { ConfigReply } from '../app/care/schema.ts'
import { KanpekiError } from '../kernel/error.ts'
import { CONFIG_FILE, readConfig } from '../platform/config.ts'
import { type Language, languageOf } from './language.ts'
import { EXIT, guarded, readOptions } from './options.ts'

const USAGE = `Usage: kanpeki config explain [--data DIR] [--lang en|ja] [--json]
       kanpeki config show KEY [--data DIR] [--json]

'explain' lists each setting: its value, where that comes from, its default, what it means. 'show' prints one value.
Settings are read from flags, then KANPEKI_… variables, then kanpeki.yml in the data folder. Passwords in URLs are masked.
`

const FROM: Readonly<Record<Language, Readonly<Record<ConfigReply['settings'][number]['from'], string>>>> = {
  en: { flag: 'flag', environment: 'environment', file: 'file', default: 'default' },
  ja: { flag: 'フラグ', environment: '環境変数', file: 'ファイル', default: '既定' },
}

export function configCommand(args: readonly string[]): Promise<number> {
  return guarded(async () => {
    const { values, positionals } = readOptions(
      {
        args: [...args],
        strict: true,
        allowPositionals: true,
        options: {
          data: { type: 'string', default: './data' },
          lang: { type: 'string' },
          json: { type: 'boolean', default: false },
          help: { type: 'boolean', short: 'h', default: false },
        },
      },
      USAGE,
    )
    if (values.help) {
      process.stdout.write(USAGE)
      return EXIT.ok
    }
    const [action, key] = positionals
    const config = readConfig(values.data, {}, process.env)
    const reply = explainConfig(config, join(config.data, CONFIG_FILE))
    if (action === 'explain' && positionals.length === 1) {
      const language = languageOf(values.lang)
      process.stdout.write(values.json ? `${JSON.stringify(reply)}\n` : describe(reply, language))
      return EXIT.ok
    }
    if (action !== 'show' || key === undefined || positionals.length > 2)
      throw new KanpekiError('usage', 'Say: config explain, or config show KEY.', { remedy: `\n${USAGE}` })
    const setting = reply.settings.find((one) => one.key === key)
    if (setting === undefined) {
      throw new KanpekiError('usage', `There is no setting '${key}'.`, {
        remedy: `Known: ${reply.settings.map((one) => one.key).join(', ')}.`,
      })
    }
    process.stdout.write(values.json ? `${JSON.stringify(setting)}\n` : `${text(setting.value)}\n`)
    return EXIT.ok
  })
}

function describe({ file, settings }: ConfigReply, language: Language): string {
  const width = Math.max(...settings.map(({ key }) => key.length))
  const lines = settings.map(({ key, value, from, fallback, meaning, variable }) => {
    const origin =
      from === 'default'
        ? FROM[language].default
        : `${FROM[language][from]}${from === 'file' ? ` ${file}` : from === 'environment' ? ` ${variable}` : ''}`
    const standard = from === 'default' ? '' : language === 'ja' ? `、既定は ${text(fallback)}` : `, default ${text(fallback)}`
    return `${key.padEnd(width)}  ${text(value)}  (${origin}${standard})\n${''.padEnd(width)}    ${meaning[language]}\n`
  })
  return lines.join('')
}

function text(value: unknown): string {
  if (value === null) return '-'
  return Array.isArray(value) ? value.map(text).join(', ') || '-' : String(value)
}
