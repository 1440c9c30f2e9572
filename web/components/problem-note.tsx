import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Problem } from '../api/problem.ts'
import { Icon } from './icon.tsx'

/**
 * Problems that the console words by itself in every language. The server's own sentence is English and more exact
 * (it names what it is about), so that English readers get it for every other code.
 */
const OURS: ReadonlySet<string> = new Set([
  'unreachable',
  'unexpected-shape',
  'forbidden',
  'foreign_scope',
  'confirm_identity',
  'sign_in_wrong',
  'passkey_cancelled',
  'passkey_known',
  'passkey_failed',
])

/** Said whole in each language, as slips in a query are (but for what is wrong in a regular expression): the server's words would only repeat it. */
const WHOLE: ReadonlySet<string> = new Set(['unknown_format', 'unknown_empty', 'source_finished', 'writer_busy'])

/** What happened, and what to do where that is known, in the reader's language. */
export function useProblemWords(): (error: unknown) => {
  readonly problem: Problem
  readonly text: string
  /** The server's own words, where `text` says less. */
  readonly detail: string | undefined
  readonly remedy: string | undefined
} {
  const { t, i18n } = useTranslation()
  return (error) => {
    const problem =
      error instanceof Problem ? error : new Problem(0, { detail: error instanceof Error ? error.message : String(error) })
    const key = `problem.code.${problem.code}`
    const ours = OURS.has(problem.code) || problem.code.startsWith('sso_')
    if ((ours || i18n.language !== 'en') && i18n.exists(key)) {
      const whole = (problem.code.startsWith('query_') && problem.code !== 'query_regex') || WHOLE.has(problem.code)
      const told = problem.remedy === undefined ? problem.message : `${problem.message} ${problem.remedy}`
      const shown = problem.code === 'unexpected-shape' || problem.code === 'passkey_failed' || !(ours || whole)
      return { problem, text: t(key as 'problem.code.forbidden'), detail: shown ? told : undefined, remedy: undefined }
    }
    return { problem, text: problem.message, detail: undefined, remedy: problem.remedy }
  }
}

/**
 * What the server said outside of an answer that failed (why a source stands still, why a row was left out): the reader's
 * words, and the server's below them where they differ, unless `brief`.
 */
export function Said({ code, text, brief = false }: { code: string | null; text: string; brief?: boolean }): ReactNode {
  const words = useProblemWords()(new Problem(0, { detail: text, ...(code === null ? {} : { code }) }))
  return (
    <>
      {words.text}
      {words.detail === undefined || brief ? null : (
        <span className="said-as mono dim" lang="en">
          {words.detail}
        </span>
      )}
    </>
  )
}

/** One line for a notice: what happened and what to do. */
export function useProblemText(): (error: unknown) => string {
  const words = useProblemWords()
  return (error) => {
    const { text, remedy } = words(error)
    return remedy === undefined ? text : `${text} ${remedy}`
  }
}

/** What is wrong with one field; what has no words in the reader's language is said in the server's. */
function InputErrorLine({ error: { path, message, code, bound } }: { error: Problem['errors'][number] }): ReactNode {
  const { t, i18n } = useTranslation()
  const key = `problem.field.${code}`
  const place = path === '' ? '' : `${path}: `
  return code !== undefined && i18n.exists(key) ? (
    <p className="dim">
      <span className="mono">{place}</span>
      {t(key as 'problem.field.short', { bound: bound ?? 0 })}
    </p>
  ) : (
    <p className="mono dim" lang="en">
      {place}
      {message}
    </p>
  )
}

/** The shape every error of Kanpeki has: what happened, where, and what to do. */
export function ProblemNote({ error, retry }: { error: unknown; retry?: () => void }): ReactNode {
  const { t } = useTranslation()
  const { problem, text, detail, remedy } = useProblemWords()(error)
  const place = problem.place
  return (
    <div className="problem" role="alert" data-code={problem.code}>
      <svg className="ico" viewBox="0 0 14 14" aria-hidden="true">
        <path d="M7 1.8 12.8 12H1.2z M7 5.5v3M7 10.2v.01" />
      </svg>
      <div className="grow">
        <b>{text}</b>
        {detail === undefined ? null : (
          <p className="mono dim" lang="en">
            {detail}
          </p>
        )}
        {problem.errors.map((error) => (
          <InputErrorLine key={error.path + error.message} error={error} />
        ))}
        {place === undefined ? null : (
          <p className="mono dim">
            {[place.file, place.field].filter((part) => part !== undefined).join(' ')}{' '}
            {place.line === undefined ? '' : t('problem.line', { line: place.line })}{' '}
            {place.column === undefined ? '' : t('problem.column', { column: place.column })}
          </p>
        )}
        {remedy === undefined ? null : <p>{remedy}</p>}
      </div>
      {retry === undefined ? null : (
        <button type="button" className="btn sm" onClick={retry}>
          <Icon name="refresh" small />
          {t('problem.retry')}
        </button>
      )}
    </div>
  )
}
