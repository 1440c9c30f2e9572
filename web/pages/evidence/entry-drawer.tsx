import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useCallback, useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { EntryProofView, SubjectView } from '../../../src/prove/schema.ts'
import { entryProofQuery } from '../../api/queries.ts'
import { withScope } from '../../api/scope.ts'
import { Code } from '../../components/copy.tsx'
import { Icon } from '../../components/icon.tsx'
import { useKeys } from '../../components/keys.ts'
import { glyphOf } from '../../components/objective-glyph.ts'
import { ProblemNote } from '../../components/problem-note.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { Clocks } from './clocks.tsx'
import { breakable, gist } from './entry-text.ts'
import type { FigureInUse } from './figures.ts'
import { HashTable, ProofPath } from './proof-path.tsx'
import { CHECKS, rememberedKey, rememberKey, type Verdict, verifyEntry } from './verify-entry.ts'

/** One entry, opened down to the signed root: what, when, where in the log, and a check run in this browser. */
export function EntryDrawer({
  index,
  figure,
  onClose,
}: {
  index: number
  figure: FigureInUse | undefined
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('evidence')
  const { t: common } = useTranslation()
  const { data: entry, error, refetch } = useQuery(entryProofQuery(index))
  const [verdict, setVerdict] = useState<{ index: number; at: number; result: Verdict } | undefined>()
  const verify = useCallback(async (one: EntryProofView) => {
    const known = rememberedKey()
    const result = await verifyEntry(one, known)
    if (known !== one.key && result.ok) rememberKey(one.key)
    setVerdict({ index: one.index, at: Date.now(), result })
  }, [])
  useEffect(() => {
    if (entry !== undefined) void verify(entry)
  }, [entry, verify])
  useKeys({ v: () => void (entry === undefined ? refetch() : verify(entry)), escape: onClose })
  const current = verdict?.index === index ? verdict : undefined

  return (
    <section className="drawer" aria-label={t('entry', { index })}>
      {entry === undefined ? (
        <div className="dr-h">
          <div className="grow">
            {error === null ? (
              <p className="dim">{common('loading')}</p>
            ) : (
              <ProblemNote error={error} retry={() => void refetch()} />
            )}
          </div>
        </div>
      ) : (
        <>
          <div className="dr-h">
            <Heading entry={entry} figure={figure} />
            <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
              <Icon name="close" />
            </button>
          </div>
          <div className="dr-b">
            <Step
              number={1}
              title={t('step.written')}
              label={t('step.writtenLabel', { index: entry.index, origin: entry.checkpoint.split('\n')[0] ?? '' })}
              link={<Subjects subjects={entry.subjects} />}
            >
              <div className="json">
                {breakable(entry.canonical).map((part, place) => (
                  <span key={place}>
                    {telling(entry.type).test(part) ? <mark>{part.replace(/,$/, '')}</mark> : part.replace(/,$/, '')}
                    {part.endsWith(',') ? ',' : ''}
                    <wbr />
                  </span>
                ))}
              </div>
            </Step>
            <Step number={2} title={t('step.when')} label={t('step.whenLabel')}>
              <div className="step-fig">
                <Clocks entry={entry} />
              </div>
            </Step>
            <Step number={3} title={t('step.where')} label={t('step.whereLabel', { count: entry.proof.length })}>
              <ProofPath
                entry={entry}
                proved={current?.result.checks.path === true && current.result.checks.signature === true}
              />
              <details className="table">
                <summary>{t('step.values')}</summary>
                <HashTable entry={entry} />
              </details>
            </Step>
            <Step number={4} title={t('step.check')}>
              <VerifyBar entry={entry} verdict={current} onVerify={() => void verify(entry)} />
              <Code
                note={t('step.offline')}
                text={`./kanpeki verify index-${entry.index}.kanpeki.json --key '${entry.key}'`}
                action={
                  <a className="btn sm" href={withScope(`/api/v1/ledger/bundle?index=${entry.index}&format=zip`)} download>
                    <Icon name="download" small />
                    {t('bundle')}
                  </a>
                }
              />
            </Step>
          </div>
        </>
      )}
    </section>
  )
}

function Heading({ entry, figure }: { entry: EntryProofView; figure: FigureInUse | undefined }): ReactNode {
  const { t } = useTranslation('evidence')
  const { t: common } = useTranslation()
  const format = useFormat()
  if (figure === undefined) {
    return (
      <div className="grow">
        <span className="label">{common(`entry.${entry.type}`)}</span>
        <h2>{gist(entry.body) || common(`entry.${entry.type}`)}</h2>
        <span className="label num">{t('entry', { index: entry.index })}</span>
      </div>
    )
  }
  const { objective, card } = figure
  const glyph = glyphOf(objective)
  return (
    <div className="grow">
      <span className="label">{common('pair', { name: format.text(card.name), text: format.text(objective.title) })}</span>
      <div className="fig num">
        {objective.value === null ? t('noFigure') : format.text(objective.figure)}
        <small>{t('target', { target: format.text(objective.targetText) })}</small>
      </div>
      <div className="row">
        <StateGlyph state={glyph} />
        <span>
          {t('counted', { good: objective.good, bad: objective.bad, unknown: objective.unknown })}
          {objective.missing === null ? '' : ` ${format.text(objective.missing)}`}
        </span>
      </div>
    </div>
  )
}

function Step({
  number,
  title,
  label,
  link,
  children,
}: {
  number: number
  title: string
  label?: string
  link?: ReactNode
  children: ReactNode
}): ReactNode {
  return (
    <section className="step">
      <span className="no num">{number}</span>
      <div>
        <h2>
          {title}
          {label === undefined ? null : <span className="label">{label}</span>}
          {link}
        </h2>
        {children}
      </div>
    </section>
  )
}

/** The member of the body that says it: the figure, the verdict, the badge's new state. */
function telling(type: EntryProofView['type']): RegExp {
  return type === 'badge' ? /^"to":/ : /^"(value|verdict|root)":/
}

/** Where the things that an entry names can be seen. */
function Subjects({ subjects }: { subjects: readonly SubjectView[] }): ReactNode {
  const { t } = useTranslation()
  const alert = subjects.find((subject) => subject.kind === 'alert')
  const card = subjects.find((subject) => subject.kind === 'card')
  if (alert !== undefined)
    return (
      <Link to="/triage" search={{ alert: alert.id }}>
        {t('entry.alert')}
      </Link>
    )
  if (card !== undefined)
    return (
      <Link to="/declarations" search={{ card: card.id }}>
        {t('entry.card')}
      </Link>
    )
  return null
}

function VerifyBar({
  entry,
  verdict,
  onVerify,
}: {
  entry: EntryProofView
  verdict: { at: number; result: Verdict } | undefined
  onVerify: () => void
}): ReactNode {
  const { t } = useTranslation('evidence')
  const format = useFormat()
  const result = verdict?.result
  const className = result === undefined ? 'ok-bar idle' : result.ok ? 'ok-bar' : 'ok-bar bad'
  return (
    <div className={className} data-verified={result?.ok}>
      <div className="grow" role="status">
        <b>{result === undefined ? t('verify.running') : t(result.ok ? 'verify.proved' : 'verify.failed')}</b>{' '}
        {verdict === undefined ? null : (
          <span className="label num">
            {t('verify.here', { time: format.time(verdict.at), ms: format.decimal(verdict.result.milliseconds, 0) })}
          </span>
        )}
        {result === undefined ? null : (
          <ul>
            {CHECKS.map((check) => (
              <li key={check} className={result.checks[check] === true ? '' : 'bad'}>
                <Icon name={result.checks[check] === true ? 'check' : 'close'} />
                {t(`verify.${check}`, { count: entry.proof.length })}
              </li>
            ))}
          </ul>
        )}
      </div>
      <button type="button" className="btn" onClick={onVerify} aria-keyshortcuts="V">
        <Icon name="evidence" />
        {t('verify.again')}
        <kbd>V</kbd>
      </button>
    </div>
  )
}
