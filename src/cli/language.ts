import { KanpekiError } from '../kernel/error.ts'

export type Language = 'en' | 'ja'

/**
 * What was asked for, else what the terminal is set to (POSIX: LC_ALL, LC_MESSAGES, LANG).
 * @throws KanpekiError `usage` for a language that there is not.
 */
export function languageOf(given: string | undefined, environment: NodeJS.ProcessEnv = process.env): Language {
  if (given !== undefined && given !== 'en' && given !== 'ja')
    throw new KanpekiError('usage', `--lang knows no ${given}.`, { remedy: 'Choose en or ja.' })
  const text = given ?? (environment['LC_ALL'] || environment['LC_MESSAGES'] || environment['LANG'] || '')
  return text.startsWith('ja') ? 'ja' : 'en'
}
