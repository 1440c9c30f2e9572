import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Grade, type Phase, type PolicyView, phase as phases } from '../../../src/respond/incidents/schema.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { useFormat } from '../../components/use-format.ts'

const GRADES = [1, 2, 3, 4] as const
type Clock = PolicyView['clocks'][number]
type Task = PolicyView['tasks'][number]

interface Part<T> {
  policy: PolicyView
  writes: boolean
  busy: boolean
  /** Null goes back to what ships. */
  change: (to: readonly T[] | null) => void
}

/** How long the tasks of a phase may take, by severity; in minutes while they are being set. */
export function Clocks({ policy, writes, busy, change }: Part<Clock>): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const [draft, setDraft] = useState<Readonly<Record<string, string>> | null>(null)
  const keyOf = (phase: Phase, severity: Grade): string => `${phase} ${severity}`
  const minutesOf = (phase: Phase, severity: Grade): number =>
    policy.clocks.find((one) => one.phase === phase && one.severity === severity)?.minutes ?? 0
  const changed = phases.options.flatMap((phase) =>
    GRADES.flatMap((severity): Clock[] => {
      const text = draft?.[keyOf(phase, severity)]
      const minutes = Number(text)
      return text === undefined || minutes === minutesOf(phase, severity) ? [] : [{ phase, severity, minutes }]
    }),
  )
  const isValid = changed.every(({ minutes }) => Number.isInteger(minutes) && minutes > 0 && minutes <= 525_600)
  return (
    <section className="stack tight-l">
      <Head title={t('policy.clocks')} own={policy.own.clocks} />
      {draft === null ? null : <p className="ink2">{t('policy.clocksText')}</p>}
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (changed.length > 0) change(changed)
          setDraft(null)
        }}
      >
        <table className="srcs">
          <thead>
            <tr>
              <th>{t('col.phase')}</th>
              {GRADES.map((severity) => (
                <th key={severity} className="r">
                  P{severity}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {phases.options.map((phase) => (
              <tr key={phase} className="inert">
                <td>{t(`phase.${phase}`)}</td>
                {GRADES.map((severity) => (
                  <td key={severity} className="r num">
                    {draft === null ? (
                      format.duration(minutesOf(phase, severity) * 60)
                    ) : (
                      <input
                        className="input num"
                        size={6}
                        inputMode="numeric"
                        pattern="[1-9][0-9]{0,5}"
                        aria-label={t('policy.minutesOf', { phase: t(`phase.${phase}`), severity: `P${severity}` })}
                        value={draft[keyOf(phase, severity)] ?? String(minutesOf(phase, severity))}
                        onChange={(event) => setDraft({ ...draft, [keyOf(phase, severity)]: event.target.value })}
                      />
                    )}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
        {writes ? (
          <Buttons
            editing={draft !== null}
            own={policy.own.clocks}
            busy={busy}
            disabled={!isValid}
            onEdit={() => setDraft({})}
            onCancel={() => setDraft(null)}
            onReset={() => change(null)}
          />
        ) : null}
      </form>
    </section>
  )
}

/** What has to be done in each phase; incidents that are open keep the tasks they have. */
export function Tasks({ policy, writes, busy, change }: Part<Task>): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const [draft, setDraft] = useState<readonly Task[] | null>(null)
  const shown = draft ?? policy.tasks
  return (
    <section className="stack tight-l">
      <Head title={t('policy.tasks')} own={policy.own.tasks} />
      <p className="ink2">{t('policy.tasksText')}</p>
      {phases.options.map((phase) => {
        const own = shown.filter((one) => one.phase === phase)
        return own.length === 0 ? null : (
          <div key={phase}>
            <h3 className="label">{t(`phase.${phase}`)}</h3>
            <ul className="rows">
              {own.map((task) => (
                <li key={`${task.phase} ${task.severity} ${task.title.en}`}>
                  <span className="grow">
                    {format.text(task.title)} <span className="chip">{t('policy.from', { severity: `P${task.severity}` })}</span>
                  </span>
                  {draft === null ? null : (
                    <button
                      type="button"
                      className="btn sm quiet square"
                      aria-label={t('policy.taskRemove', { title: format.text(task.title) })}
                      onClick={() => setDraft(draft.filter((one) => one !== task))}
                    >
                      <Icon name="close" />
                    </button>
                  )}
                </li>
              ))}
            </ul>
          </div>
        )
      })}
      {draft === null ? null : <NewTask onAdd={(task) => setDraft([...draft, task])} />}
      {writes ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            if (draft !== null) change(draft)
            setDraft(null)
          }}
        >
          <Buttons
            editing={draft !== null}
            own={policy.own.tasks}
            busy={busy}
            disabled={draft?.length === 0}
            onEdit={() => setDraft(policy.tasks)}
            onCancel={() => setDraft(null)}
            onReset={() => change(null)}
          />
        </form>
      ) : null}
    </section>
  )
}

function NewTask({ onAdd }: { onAdd: (task: Task) => void }): ReactNode {
  const { t } = useTranslation('incidents')
  const [task, setTask] = useState<Task>({ phase: 'identification', severity: 4, title: { en: '', ja: '' } })
  const isReady = task.title.en.trim() !== '' && task.title.ja.trim() !== ''
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        if (!isReady) return
        onAdd(task)
        setTask({ ...task, title: { en: '', ja: '' } })
      }}
    >
      <Field label={t('col.phase')}>
        <select
          className="input"
          value={task.phase}
          onChange={(event) => setTask({ ...task, phase: phases.parse(event.target.value) })}
        >
          {phases.options.map((one) => (
            <option key={one} value={one}>
              {t(`phase.${one}`)}
            </option>
          ))}
        </select>
      </Field>
      <Field label={t('policy.grave')}>
        <select
          className="input"
          value={task.severity}
          onChange={(event) => setTask({ ...task, severity: Number(event.target.value) as Grade })}
        >
          {GRADES.map((one) => (
            <option key={one} value={one}>
              {t('policy.from', { severity: `P${one}` })}
            </option>
          ))}
        </select>
      </Field>
      {(['en', 'ja'] as const).map((lang) => (
        <Field key={lang} label={t(`policy.title_${lang}`)}>
          <input
            className="input"
            maxLength={300}
            value={task.title[lang]}
            onChange={(event) => setTask({ ...task, title: { ...task.title, [lang]: event.target.value } })}
          />
        </Field>
      ))}
      <button type="submit" className="btn" disabled={!isReady}>
        {t('policy.taskAdd')}
      </button>
    </form>
  )
}

function Head({ title, own }: { title: string; own: boolean }): ReactNode {
  const { t } = useTranslation('incidents')
  return (
    <h3>
      {title} {own ? <span className="chip">{t('policy.own')}</span> : null}
    </h3>
  )
}

function Buttons({
  editing,
  own,
  busy,
  disabled,
  onEdit,
  onCancel,
  onReset,
}: {
  editing: boolean
  own: boolean
  busy: boolean
  disabled: boolean
  onEdit: () => void
  onCancel: () => void
  onReset: () => void
}): ReactNode {
  const { t } = useTranslation('incidents')
  if (editing)
    return (
      <p className="row">
        <DeedButton key="save" type="submit" className="btn sm ink" busy={busy} disabled={disabled}>
          {t('save')}
        </DeedButton>
        <button key="leave" type="button" className="btn sm" onClick={onCancel}>
          {t('policy.leave')}
        </button>
      </p>
    )
  return (
    <p className="row">
      <DeedButton key="edit" type="button" className="btn sm" busy={busy} disabled={disabled} onClick={onEdit}>
        {t('policy.edit')}
      </DeedButton>
      {own ? (
        <DeedButton key="reset" type="button" className="btn sm quiet" busy={busy} disabled={disabled} onClick={onReset}>
          {t('policy.reset')}
        </DeedButton>
      ) : null}
    </p>
  )
}
