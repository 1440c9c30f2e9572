import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { type IncidentDetail, phase as phases } from '../../../src/respond/incidents/schema.ts'
import { Icon } from '../../components/icon.tsx'
import { useFormat } from '../../components/use-format.ts'

/** The six phases of SANS from left to right: which is over, which is on, and how its tasks stand. */
export function PhaseRail({
  incident,
  onPhase,
}: {
  incident: IncidentDetail
  /** Absent where the reader may not change it. */
  onPhase: ((phase: IncidentDetail['phase']) => void) | undefined
}): ReactNode {
  const { t } = useTranslation('incidents')
  const format = useFormat()
  const at = phases.options.indexOf(incident.phase)
  return (
    <ol className="rail" aria-label={t('rail')}>
      {phases.options.map((phase, index) => {
        const began = incident.phases.find((one) => one.phase === phase)
        const tasks = incident.taskList.filter((task) => task.phase === phase)
        const done = tasks.filter((task) => task.done !== null).length
        const overdue = tasks.filter((task) => task.overdue).length
        const standing = phase === incident.phase ? 'now' : index < at && began !== undefined ? 'past' : 'ahead'
        const inner = (
          <>
            <span className="rail-n" aria-hidden="true">
              {standing === 'past' ? <Icon name="check" small /> : index + 1}
            </span>
            <span className="rail-t">
              <b>{t(`phase.${phase}`)}</b>
              <span className="label num">{began === undefined ? t('notBegun') : format.dateTime(began.at)}</span>
              {tasks.length === 0 ? null : <span className="label num">{t('tasksDone', { done, all: tasks.length })}</span>}
              {overdue === 0 ? null : <span className="label bad">{t('overdueCount', { count: overdue })}</span>}
            </span>
          </>
        )
        return (
          <li key={phase} data-standing={standing} aria-current={standing === 'now' ? 'step' : undefined}>
            {onPhase === undefined || standing === 'now' ? (
              <span className="rail-i">{inner}</span>
            ) : (
              <button
                type="button"
                className="rail-i"
                title={t('enterPhase', { phase: t(`phase.${phase}`) })}
                onClick={() => onPhase(phase)}
              >
                {inner}
              </button>
            )}
          </li>
        )
      })}
    </ol>
  )
}
