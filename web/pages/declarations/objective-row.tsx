import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ObjectiveView } from '../../../src/declare/schema.ts'
import { ProofLink } from '../../components/entry-link.tsx'
import { Sparkline } from '../../components/figures/sparkline.tsx'
import { glyphOf } from '../../components/objective-glyph.ts'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { FullOutlook, ShortOutlook } from './outlook.tsx'

/** Glyph, name, figure; target and trend under them; the proof one click away. */
export function ObjectiveRow({
  objective,
  now,
  explained = false,
}: {
  objective: ObjectiveView
  now: number
  /** Says in words why evidence is missing, and where the figures lead. */
  explained?: boolean
}): ReactNode {
  const { t } = useTranslation('declarations')
  const format = useFormat()
  const glyph = glyphOf(objective)
  const title = format.text(objective.title)
  const missing = objective.missing === null ? undefined : format.text(objective.missing)
  const figure =
    objective.state === 'unproven'
      ? objective.notMetSince === null
        ? t('noEvidence')
        : t('noEvidenceFor', { age: format.age(objective.notMetSince, now) })
      : format.text(objective.figure)
  return (
    <li className={`obj ${glyph}`}>
      <StateGlyph state={glyph} />
      <span className="name" title={missing === undefined ? title : `${title} — ${missing}`}>
        {title}
      </span>
      <span className="fig num">{figure}</span>
      <span className="tgt num">{format.text(objective.targetText)}</span>
      <Sparkline
        values={objective.series.map((point) => (point.state === 'unproven' ? null : point.value))}
        target={objective.kind === 'forbidden' ? undefined : objective.target}
      />
      {explained && missing !== undefined ? <span className="obj-note">{missing}</span> : null}
      {explained ? <FullOutlook objective={objective} now={now} /> : <ShortOutlook objective={objective} />}
      <ProofLink index={objective.evidence?.index} label={t('proofOf', { name: title })} />
    </li>
  )
}
