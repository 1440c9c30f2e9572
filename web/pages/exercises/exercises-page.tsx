import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi, Link, useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type ExercisesReply, exerciseDetail } from '../../../src/respond/exercises/schema.ts'
import { call } from '../../api/client.ts'
import { exercisesQuery } from '../../api/exercises.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useMay } from '../../components/session.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { ExerciseView } from './exercise-view.tsx'

const route = getRouteApi('/house/exercises')

/** What is trained: scripts to begin, and the dated reports of what was held. */
export function ExercisesPage(): ReactNode {
  const { exercise } = route.useSearch()
  return (
    <main className="main" id="main">
      {exercise === undefined ? <List /> : <ExerciseView key={exercise} id={exercise} />}
    </main>
  )
}

function List(): ReactNode {
  const { t } = useTranslation('exercises')
  const { t: common } = useTranslation()
  const format = useFormat()
  const may = useMay()
  const { data, error, refetch } = useQuery(exercisesQuery)
  const writes = may('incidents:write')
  return (
    <>
      <div className="head">
        <div className="grow">
          <h1>{common('room.exercises')}</h1>
          <p>{t('lead')}</p>
        </div>
      </div>
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {data === undefined && error === null ? <p className="loading">{common('loading')}</p> : null}
      {data === undefined || data.exercises.length === 0 ? null : (
        <section className="sheet held">
          <table className="srcs">
            <thead>
              <tr>
                <th>{t('col.exercise')}</th>
                <th>{t('col.state')}</th>
                <th className="x">{t('col.people')}</th>
                <th className="r">{t('col.held')}</th>
                <th className="r">{t('col.report')}</th>
              </tr>
            </thead>
            <tbody>
              {data.exercises.map((one) => (
                <tr key={one.id} className="inert">
                  <td className="named">
                    <Link className="name" to="/exercises" search={{ exercise: one.id }}>
                      {format.text(one.title)}
                    </Link>
                    <div className="label">{t(`kind.${one.kind}`)}</div>
                  </td>
                  <td>
                    <span className="row">
                      <StateGlyph state={one.state === 'ended' ? 'met' : 'risk'} silent />
                      {t(`state.${one.state}`)}
                    </span>
                  </td>
                  <td className="x">{one.participants.join(', ')}</td>
                  <td className="r num">{format.dateTime(one.started)}</td>
                  <td className="r">
                    {one.state === 'ended' ? (
                      <Link className="tablink" to="/exercises" search={{ exercise: one.id }}>
                        {t('open')}
                      </Link>
                    ) : null}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
      {data === undefined ? null : (
        <>
          <h2 className="scripts-h">{t('scripts')}</h2>
          <div className="scripts">
            {data.scripts.map((script) => (
              <Script key={script.id} script={script} writes={writes} />
            ))}
          </div>
        </>
      )}
    </>
  )
}

function Script({ script, writes }: { script: ExercisesReply['scripts'][number]; writes: boolean }): ReactNode {
  const { t } = useTranslation('exercises')
  const format = useFormat()
  const client = useQueryClient()
  const navigate = useNavigate({ from: '/exercises' })
  const [people, setPeople] = useState<string | null>(null)
  const begin = useMutation({
    mutationFn: () =>
      call(exerciseDetail, '/api/v1/exercises', {
        method: 'POST',
        body: {
          script: script.id,
          participants: (people ?? '')
            .split(/[,、\n]/)
            .map((name) => name.trim())
            .filter((name) => name !== ''),
        },
      }),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: ['exercises'] })
      await navigate({ search: { exercise: id } })
    },
  })
  return (
    <section className="sheet">
      <div className="row">
        <span className="chip">{t(`kind.${script.kind}`)}</span>
        <span className="label num">
          {format.duration(script.minutes * 60)} · {t('injects', { count: script.injects })}
        </span>
      </div>
      <h3>{format.text(script.title)}</h3>
      <p className="ink2">{format.text(script.about)}</p>
      {!writes ? null : people === null ? (
        <button type="button" className="btn" onClick={() => setPeople('')}>
          {t('begin')}
        </button>
      ) : (
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault()
            begin.mutate()
          }}
        >
          <Field label={t('people')} hint={t('peopleHint')}>
            <input className="input" value={people} onChange={(event) => setPeople(event.target.value)} />
          </Field>
          {begin.error === null ? null : <ProblemNote error={begin.error} />}
          <DeedButton type="submit" className="btn ink" busy={begin.isPending}>
            {t('beginNow')}
          </DeedButton>
        </form>
      )}
    </section>
  )
}
