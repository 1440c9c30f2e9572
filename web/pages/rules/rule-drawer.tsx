import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { RuleDetail } from '../../../src/detect/schema.ts'
import { ruleQuery } from '../../api/queries.ts'
import { Dialog } from '../../components/dialog.tsx'
import { MiniBars } from '../../components/figures/bars.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { SeverityTag } from '../../components/severity.tsx'
import { SourceText } from '../../components/source-text.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'
import { useNow } from '../../components/use-now.ts'
import { glyphOfProof } from './proof-glyph.ts'
import { RulePast } from './rule-past.tsx'

/** One rule opened: what it means, its noise and cost, when it was last seen at work, its tests, its own text. */
export function RuleDrawer({ id, onClose }: { id: string; onClose: () => void }): ReactNode {
  const { t: common } = useTranslation()
  const format = useFormat()
  const { data: rule, error, refetch } = useQuery(ruleQuery(id))
  return (
    <Dialog
      label={rule === undefined ? id : format.text({ en: rule.title, ja: rule.titleJa })}
      className="slide"
      onClose={onClose}
    >
      <div className="slide-h">
        <div className="grow">
          <h2>{rule === undefined ? id : format.text({ en: rule.title, ja: rule.titleJa })}</h2>
          {rule === undefined ? null : <p className="label mono">{rule.file}</p>}
        </div>
        {rule === undefined ? null : <SeverityTag severity={rule.severity} word />}
        <button type="button" className="btn sm quiet square" aria-label={common('close')} onClick={onClose}>
          <Icon name="close" />
        </button>
      </div>
      <div className="slide-b">
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {rule === undefined ? null : <Opened rule={rule} />}
      </div>
    </Dialog>
  )
}

function Opened({ rule }: { rule: RuleDetail }): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  return (
    <>
      <div className="sec">
        <p className="prose">{format.text({ en: rule.description, ja: rule.descriptionJa })}</p>
        <p className="label mono">{[...rule.techniques, rule.id].join(' · ')}</p>
        {rule.missing.length === 0 ? null : <p>{t('missing', { fields: rule.missing.join(', ') })}</p>}
        {rule.off ? <p>{t('off')}</p> : null}
      </div>
      <Noise rule={rule} />
      <Proofs rule={rule} />
      <Tests rule={rule} />
      <div className="sec">
        <h3>{t('detail.before')}</h3>
        <RulePast rule={rule} />
      </div>
      {rule.text === null ? null : (
        <details className="sec">
          <summary>{t('detail.text')}</summary>
          <SourceText text={rule.text} label={t('detail.text')} />
        </details>
      )}
    </>
  )
}

function Noise({ rule }: { rule: RuleDetail }): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  const total = rule.weeks.reduce((sum, { alerts }) => sum + alerts, 0)
  const { cost } = rule
  return (
    <div className="sec">
      <h3>
        {t('detail.noise')}
        <span className="label">{t('detail.weeks', { count: total, weeks: rule.weeks.length })}</span>
      </h3>
      <MiniBars
        values={rule.weeks.map(({ alerts }) => alerts)}
        width={664}
        height={48}
        className="mini wide"
        label={t('detail.weeks', { count: total, weeks: rule.weeks.length })}
      />
      <div className="sum four">
        <div>
          <span className="label">{t('col.perWeek')}</span>
          <b className="num">{format.decimal(rule.perWeek, 1)}</b>
        </div>
        <div>
          <span className="label">{t('col.precision')}</span>
          <b className="num">{rule.precision === null ? '–' : `${format.decimal(rule.precision, 0)} %`}</b>
        </div>
        <div>
          <span className="label">{t('detail.judged')}</span>
          <b className="num">{format.count(rule.judgedTrue + rule.judgedExpected + rule.judgedFalse)}</b>
        </div>
        <div>
          <span className="label">{t('detail.cost')}</span>
          <b className="num">{cost === null ? '–' : `${format.decimal(cost.microseconds, 2)} µs`}</b>
        </div>
      </div>
      <p className="label sum-check">
        {cost === null ? t('detail.noCost') : t('detail.costOf', { events: cost.events, matches: cost.matches })}
      </p>
    </div>
  )
}

function Proofs({ rule }: { rule: RuleDetail }): ReactNode {
  const { t } = useTranslation('rules')
  const format = useFormat()
  const now = useNow(60)
  return (
    <div className="sec">
      <h3>{t('detail.proofs')}</h3>
      {rule.scenarios.length === 0 ? (
        <p className="dim">{t('detail.noProof')}</p>
      ) : (
        <table className="srcs still">
          <tbody>
            {rule.scenarios.map((one) => (
              <tr key={one.id}>
                <td>
                  <StateGlyph state={glyphOfProof(one.state)} silent /> {t(`proof.${one.state}`)}
                </td>
                <td>
                  <Link to="/rules" search={(before) => ({ ...before, rule: undefined, scenario: one.id })}>
                    {format.text(one.title)}
                  </Link>
                </td>
                <td className="r num">{one.at === null ? t('never') : t('ago', { age: format.age(one.at, now) })}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  )
}

function Tests({ rule }: { rule: RuleDetail }): ReactNode {
  const { t } = useTranslation('rules')
  if (rule.tests.length === 0) return null
  return (
    <div className="sec">
      <h3>
        {t('detail.tests')}
        <span className="label">
          {t('detail.testsRan', { count: rule.tests.length, passed: rule.tests.filter(({ passes }) => passes).length })}
        </span>
      </h3>
      <table className="srcs still">
        <tbody>
          {rule.tests.map((test) => (
            <tr key={test.name}>
              <td>
                <StateGlyph state={test.passes ? 'met' : 'miss'} />
              </td>
              <td>{test.name}</td>
              <td className="dim">{t(test.match ? 'detail.speaks' : 'detail.silent')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
