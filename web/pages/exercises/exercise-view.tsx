import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ExerciseDeed, type ExerciseDetail, exerciseDetail, type InjectView } from '../../../src/respond/exercises/schema.ts'
import { call } from '../../api/client.ts'
import { exerciseQuery } from '../../api/exercises.ts'
import { withScope } from '../../api/scope.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { useNotice } from '../../components/notice.tsx'
import { ProblemNote, useProblemText } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { Panel } from '../settings/panel.tsx'

type Act = (asked: ExerciseDeed, done?: () => void) => void

/** One exercise: what was given, what was answered, the clock, and at the end its report. */
export function ExerciseView({ id }: { id: string }): ReactNode {
  const { t: common } = useTranslation()
  const client = useQueryClient()
  const may = useMay()
  const notice = useNotice()
  const problemText = useProblemText()
  const { data, error, refetch } = useQuery(exerciseQuery(id))
  const deed = useMutation({
    mutationFn: (asked: ExerciseDeed) =>
      call(exerciseDetail, `/api/v1/exercises/${encodeURIComponent(id)}/deeds`, { method: 'POST', body: asked }),
    onSuccess: (detail) => {
      client.setQueryData(exerciseQuery(id).queryKey, detail)
      void client.invalidateQueries({ queryKey: ['exercises'] })
    },
    onError: (failed) => notice({ text: problemText(failed), sticky: true }),
  })
  if (data === undefined)
    return error === null ? (
      <p className="loading">{common('loading')}</p>
    ) : (
      <ProblemNote error={error} retry={() => void refetch()} />
    )
  const act: Act | undefined =
    data.state === 'running' && may('incidents:write')
      ? (asked, done) => deed.mutate(asked, done === undefined ? {} : { onSuccess: done })
      : undefined
  return <Exercise exercise={data} act={act} />
}

function Exercise({ exercise, act }: { exercise: ExerciseDetail; act: Act | undefined }): ReactNode {
  const { t } = useTranslation('exercises')
  const format = useFormat()
  const now = useNow(1)
  const [ending, setEnding] = useState(false)
  const given = exercise.injects.filter(({ shown }) => shown !== null)
  const next = exercise.injects.find(({ shown }) => shown === null)
  const ran = ((exercise.ended === null ? now : Date.parse(exercise.ended)) - Date.parse(exercise.started)) / 1000
  return (
    <>
      <div className="head inc-head">
        <div className="grow">
          <div className="row meta">
            <Link className="chip" to="/exercises">
              ← {t('all')}
            </Link>
            <span className="chip exercise">{t(`kind.${exercise.kind}`)}</span>
            <span className="chip">{t(`state.${exercise.state}`)}</span>
            {exercise.incident === null ? null : (
              <Link className="chip" to="/incidents" search={{ incident: exercise.incident }}>
                <Icon name="incidents" small />
                {t('incident')}
              </Link>
            )}
          </div>
          <h1>{format.text(exercise.title)}</h1>
          <p>{format.text(exercise.about)}</p>
          <p className="label">
            {t('heldBy', { name: exercise.by, time: format.dateTime(exercise.started) })}
            {exercise.participants.length === 0 ? null : ` · ${exercise.participants.join(', ')}`}
          </p>
        </div>
        <div className="stack end-deeds">
          <div className="clocks">
            <div>
              <span className="label">{t('clock')}</span>
              <div className="fig num">{format.duration(Math.max(0, Math.floor(ran)))}</div>
            </div>
            <div>
              <span className="label">{t('given')}</span>
              <div className="fig num">
                {given.length} / {exercise.injects.length}
              </div>
            </div>
          </div>
          <div className="row links">
            {exercise.report === null ? null : (
              <a
                className="btn ink"
                href={withScope(`/api/v1/exercises/${exercise.id}/report?language=${format.lang}`)}
                target="_blank"
                rel="noreferrer"
              >
                <Icon name="download" />
                {t('report')}
              </a>
            )}
            {act === undefined ? null : (
              <>
                {next === undefined ? null : (
                  <button type="button" className="btn ink" onClick={() => act({ do: 'next' })}>
                    {t('next')}
                  </button>
                )}
                <button type="button" className="btn" aria-expanded={ending} onClick={() => setEnding(!ending)}>
                  {t('end')}
                </button>
              </>
            )}
          </div>
        </div>
      </div>
      {ending && act !== undefined ? <EndForm act={act} onClose={() => setEnding(false)} /> : null}
      {exercise.report === null ? null : <Outcome exercise={exercise} />}
      <div className="stack">
        {exercise.injects.map((inject) => (
          <Inject
            key={inject.number}
            inject={inject}
            now={inject.number === given.length - 1 && exercise.state === 'running'}
            act={act}
          />
        ))}
      </div>
    </>
  )
}

function Inject({ inject, now, act }: { inject: InjectView; now: boolean; act: Act | undefined }): ReactNode {
  const { t } = useTranslation('exercises')
  const format = useFormat()
  return (
    <section className={now ? 'sheet inject now' : 'sheet inject'}>
      <h2>
        {t('inject', { number: inject.number + 1 })}
        <span className="label num">
          {t('after', { time: format.duration(inject.after * 60) })}
          {inject.shown === null ? ` · ${t('notGiven')}` : ` · ${format.dateTime(inject.shown)}`}
        </span>
      </h2>
      {inject.text === null ? null : <p className="prose-t">{format.text(inject.text)}</p>}
      {inject.questions.map((question, number) => (
        <div key={number} className="stack tight-l">
          <b>{format.text(question)}</b>
          {inject.answers
            .filter((answer) => answer.question === number)
            .map((answer) => (
              <div key={`${answer.at} ${answer.by}`} className="answer">
                <span className="prose-t">{answer.text}</span>{' '}
                <span className="label">
                  {answer.by}, {format.time(answer.at)}
                </span>
              </div>
            ))}
          {act === undefined || inject.shown === null ? null : (
            <AnswerForm
              onSave={(text, done) => act({ do: 'answer', inject: inject.number, question: number, text }, done)}
              label={format.text(question)}
            />
          )}
        </div>
      ))}
      {inject.expect === null ? null : (
        <p className="ink2">
          <span className="label">{t('expect')}</span> {format.text(inject.expect)}
        </p>
      )}
    </section>
  )
}

function AnswerForm({ label, onSave }: { label: string; onSave: (text: string, done: () => void) => void }): ReactNode {
  const { t } = useTranslation('exercises')
  const [text, setText] = useState('')
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault()
        if (text.trim() !== '') onSave(text, () => setText(''))
      }}
    >
      <input
        className="input"
        aria-label={label}
        placeholder={t('answer')}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="btn" disabled={text.trim() === ''}>
        {t('record')}
      </button>
    </form>
  )
}

function EndForm({ act, onClose }: { act: Act; onClose: () => void }): ReactNode {
  const { t } = useTranslation('exercises')
  const { t: common } = useTranslation()
  const [summary, setSummary] = useState('')
  const [list, setList] = useState('')
  const improvements = list
    .split('\n')
    .map((line) => line.split(/[:：]/))
    .flatMap(([owner = '', ...rest]) => {
      const title = rest.join(':').trim()
      return title === '' || owner.trim() === '' ? [] : [{ title, owner: owner.trim() }]
    })
  return (
    <form
      className="sheet stack close-form"
      onSubmit={(event) => {
        event.preventDefault()
        act({ do: 'end', summary, improvements }, onClose)
      }}
    >
      <p className="ink2">{t('endText')}</p>
      <Field label={t('summary')}>
        <textarea className="input" rows={3} value={summary} onChange={(event) => setSummary(event.target.value)} />
      </Field>
      <Field label={t('improvements')} hint={t('improvementsHint', { count: improvements.length })}>
        <textarea className="input" rows={3} value={list} onChange={(event) => setList(event.target.value)} />
      </Field>
      <div className="row">
        <button type="submit" className="btn ink">
          {t('end')}
        </button>
        <button type="button" className="btn quiet" onClick={onClose}>
          {common('cancel')}
        </button>
      </div>
    </form>
  )
}

function Outcome({ exercise }: { exercise: ExerciseDetail }): ReactNode {
  const { t } = useTranslation('exercises')
  const format = useFormat()
  const { report, sha256, entry } = exercise
  if (report === null) return null
  const { replies, incident } = report
  const span = (seconds: number | null): string => (seconds === null ? '–' : format.duration(seconds))
  return (
    <Panel
      title={t('outcome')}
      end={
        <span className="row">
          <span className="label mono" title={sha256 ?? ''}>
            SHA-256 {sha256?.slice(0, 12)}…
          </span>
          {entry === null ? null : <EntryLink index={entry} />}
        </span>
      }
    >
      <dl className="said">
        <dt>{t('replies')}</dt>
        <dd className="num">
          {replies.answered} / {replies.asked} · {t('replyTimes', { mean: span(replies.mean), slowest: span(replies.slowest) })}
        </dd>
        {incident === null ? null : (
          <>
            <dt>{t('incidentClocks')}</dt>
            <dd className="num">
              {t('clocks', { acknowledge: span(incident.clocks.acknowledge), contain: span(incident.clocks.contain) })}
            </dd>
            <dt>{t('incidentWork')}</dt>
            <dd className="num">
              {t('work', {
                done: incident.tasks.done,
                tasks: incident.tasks.all,
                told: incident.messages.told,
                messages: incident.messages.all,
                late: incident.tasks.late + incident.messages.late,
              })}
            </dd>
          </>
        )}
        {report.summary === '' ? null : (
          <>
            <dt>{t('summary')}</dt>
            <dd className="prose-t">{report.summary}</dd>
          </>
        )}
      </dl>
      {report.improvements.length === 0 ? null : (
        <ul className="rows">
          {report.improvements.map(({ title, owner }) => (
            <li key={`${owner} ${title}`}>
              <span className="grow">{title}</span>
              <span className="chip">{owner}</span>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  )
}
