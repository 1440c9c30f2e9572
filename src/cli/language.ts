export type Language = 'en' | 'ja'

/** What was asked for, else what the terminal is set to (POSIX: LC_ALL, LC_MESSAGES, LANG). */
export function languageOf(given: string | undefined, environment: NodeJS.ProcessEnv = process.env): Language {
  const text = given ?? (environment['LC_ALL'] || environment['LC_MESSAGES'] || environment['LANG'] || '')
  return text.startsWith('ja') ? 'ja' : 'en'
}
