import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type IncidentDetail, phase as phases, type TaskView } from '../../../src/respond/incidents/schema.ts'
import { Field } from '../../components/fields.tsx'
import { Icon } from '../../components/icon.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { Panel } from '../settings/panel.tsx'
import type { AskedDeed } from './use-deed.ts'

interface Props {
  readonly incident: IncidentDetail
  readonly act: ((asked: AskedDeed, done?: () => void) => void) | undefined
}

/** What has to be done, by phase; the clock of each runs from the beginning of its phase. */
export function TaskList({ incident, act }: Props): ReactNode {
  const { t } = useTranslation('incidents')
  const at = phases.options.indexOf(incident.phase)
  const [later, setLater] = useState(false)
  const shown = incident.taskList.filter(
    (task) => later || task.due !== null || task.done !== null || phases.options.indexOf(task.phase) <= at,
  )
  const hidden = incident.taskList.length - shown.length
  return (
    <Panel
      title={t('tasks.title')}
      end={<span className="label num">{t('tasksDone', { done: incident.tasks.done, all: incident.taskList.length })}</span>}
    >
      {phases.options
        .map((phase) => ({ phase, tasks: shown.filter((task) => task.phase === phase) }))
        .filter(({ tasks }) => tasks.length > 0)
        .map(({ phase, tasks }) => (
          <section key={phase} aria-label={t(`phase.${phase}`)}>
            <h3 className="sec-h">{t(`phase.${phase}`)}</h3>
            <ul className="rows tasks">
              {tasks.map((task) => (
                <TaskRow key={task.id} task={task} act={incident.state === 'open' ? act : undefined} />
              ))}
            </ul>
          </section>
        ))}
      {hidden === 0 ? null : (
        <button type="button" className="btn sm start" onClick={() => setLater(true)}>
          {t('tasks.later', { count: hidden })}
        </button>
      )}
      {act === undefined || incident.state !== 'open' ? null : <AddTask act={act} />}
    </Panel>
  )
}

function TaskRow({ task, act }: { task: TaskView; act: Props['act'] }): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const now = useNow()
  const done = task.done !== null
  const title = format.text(task.title)
  return (
    <li data-late={task.overdue}>
      <label className="check grow">
        <input
          type="checkbox"
          checked={done}
          disabled={act === undefined}
          onChange={() => act?.(done ? { do: 'task-again', task: task.id } : { do: 'task-done', task: task.id })}
        />
        <span className={done ? 'done-t' : undefined}>
          <bdi>{title}</bdi>
        </span>
      </label>
      {task.assignee === null ? null : <span className="chip">{task.assignee}</span>}
      {done ? (
        <span className="label num" title={format.dateTime(task.done!)}>
          {t('tasks.doneBy', { name: task.doneBy ?? '', time: format.minute(task.done!) })}
        </span>
      ) : task.due === null ? (
        <span className="label">{t('tasks.noClock')}</span>
      ) : (
        <span className={task.overdue ? 'num late' : 'num ink2'} title={format.dateTime(task.due)}>
          {task.overdue
            ? t('tasks.late', { time: format.duration((now - Date.parse(task.due)) / 1000) })
            : t('tasks.left', { time: format.duration(Math.max(0, Date.parse(task.due) - now) / 1000) })}
        </span>
      )}
    </li>
  )
}

function AddTask({ act }: { act: NonNullable<Props['act']> }): ReactNode {
  const { t } = useTranslation('incidents')
  const [title, setTitle] = useState('')
  const [assignee, setAssignee] = useState('')
  return (
    <form
      className="inline-form"
      onSubmit={(event) => {
        event.preventDefault()
        act({ do: 'task', title, assignee: assignee.trim() === '' ? null : assignee }, () => {
          setTitle('')
          setAssignee('')
        })
      }}
    >
      <Field label={t('tasks.new')}>
        <input className="input" value={title} maxLength={300} onChange={(event) => setTitle(event.target.value)} />
      </Field>
      <Field label={t('tasks.assignee')}>
        <input className="input" value={assignee} maxLength={120} onChange={(event) => setAssignee(event.target.value)} />
      </Field>
      <button type="submit" className="btn" disabled={title.trim() === ''}>
        <Icon name="plus" />
        {t('tasks.add')}
      </button>
    </form>
  )
}
