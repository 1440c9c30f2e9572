import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Need } from '../../../src/server/schema.ts'
import { SealDot } from '../../components/seal.tsx'
import { SeverityTag } from '../../components/severity.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'

/** One thing that needs a person, with the way to it. */
export function NeedRow({ need, now }: { need: Need; now: number }): ReactNode {
  const { t } = useTranslation('overview')
  const { t: common } = useTranslation()
  const format = useFormat()
  const row = (glyph: ReactNode, title: string, sub: string): ReactNode => (
    <>
      <span className="gl">{glyph}</span>
      <span className="ti" title={title}>
        {title}
      </span>
      <span className="ag num">{format.age(need.since, now)}</span>
      <span className="su">{sub}</span>
    </>
  )
  switch (need.kind) {
    case 'alert':
      return (
        <Link to="/triage" search={{ alert: need.id }}>
          {row(
            <SeverityTag severity={need.severity} />,
            common('pair', { name: need.entity, text: format.text(need.title) }),
            t('need.alert', { count: need.count }),
          )}
        </Link>
      )
    case 'card':
      return (
        <Link to="/declarations" search={{ card: need.id }}>
          {row(
            <SealDot state={need.state} />,
            t(`need.card.${need.state}`, { name: format.text(need.title) }),
            need.reason === null ? t('need.cardSub') : format.text(need.reason),
          )}
        </Link>
      )
    case 'source':
      return (
        <Link to="/sources" search={{ source: need.id }}>
          {row(
            <StateGlyph state="gone" silent />,
            t(`need.source.${need.problem}`, { id: need.id }),
            t('need.sourceSub', { missing: need.missing }),
          )}
        </Link>
      )
    case 'rules':
      return (
        <Link to="/rules">
          {row(<StateGlyph state="risk" silent />, t('need.rules', { count: need.refused }), t('need.rulesSub'))}
        </Link>
      )
    case 'storage':
      return (
        <Link to="/settings/keeping">
          {row(
            <StateGlyph state={need.problem === 'near' ? 'risk' : 'gone'} silent />,
            t(`need.storage.${need.problem}`),
            t('need.storageSub', {
              used: format.bytes(need.used),
              limit: format.bytes(need.limit),
              left: need.left === null ? 'none' : 'some',
              leftText: need.left === null ? '' : format.duration(need.left * 3600),
            }),
          )}
        </Link>
      )
    case 'damage':
      return (
        <Link to="/settings/keeping">
          {row(
            <StateGlyph state="miss" silent />,
            t('need.damage'),
            t('need.damageSub', { events: need.events, files: need.files, command: 'kanpeki doctor --repair' }),
          )}
        </Link>
      )
    case 'exceptions':
      return (
        <Link to="/rules" hash="exceptions">
          {row(<StateGlyph state="risk" silent />, t('need.exceptions', { count: need.waiting }), t('need.exceptionsSub'))}
        </Link>
      )
    case 'playbooks':
      return (
        <Link to="/playbooks" search={{ view: 'inbox' }}>
          {row(<StateGlyph state="risk" silent />, t('need.playbooks', { count: need.waiting }), t('need.playbooksSub'))}
        </Link>
      )
    case 'notify':
      return (
        <Link to="/settings/notify">
          {row(
            <StateGlyph state="gone" silent />,
            t('need.notify', { name: need.name }),
            t('need.notifySub', { count: need.waiting }),
          )}
        </Link>
      )
    case 'review':
      return (
        <Link to="/settings/review" search={{ review: need.id }}>
          {row(
            <StateGlyph state="risk" silent />,
            t('need.review', { name: need.name }),
            t('need.reviewSub', { count: need.waiting }),
          )}
        </Link>
      )
    case 'unknowns':
      return (
        <Link to="/sources">
          {row(<StateGlyph state="risk" silent />, t('need.unknowns', { count: need.count }), t('need.unknownsSub'))}
        </Link>
      )
  }
}
