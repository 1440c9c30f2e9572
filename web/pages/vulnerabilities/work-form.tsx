import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { VulnerabilityView } from '../../../src/assess/inventory/schema.ts'
import { JUSTIFICATIONS, waiver, workReply } from '../../../src/assess/work/schema.ts'
import { call } from '../../api/client.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { Field } from '../../components/fields.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'

const DAYS = [7, 30, 90, 180, 365] as const

/** Who mends it, until when, by which ticket. */
export function WorkForm({ finding }: { finding: VulnerabilityView }): ReactNode {
  const { t, i18n } = useTranslation('vulnerabilities')
  const client = useQueryClient()
  const [owner, setOwner] = useState(finding.owner ?? '')
  const [ticket, setTicket] = useState(finding.ticket ?? '')
  const [due, setDue] = useState(finding.dueRule === null ? (finding.due?.slice(0, 10) ?? '') : '')
  const save = useMutation({
    mutationFn: () =>
      call(workReply, '/api/v1/vulnerabilities/work', {
        method: 'POST',
        body: {
          ...{ asset: finding.asset, package: finding.package, id: finding.id },
          owner: owner.trim() === '' ? null : owner.trim(),
          ticket: ticket.trim() === '' ? null : ticket.trim(),
          due: due === '' ? null : `${due}T23:59:59Z`,
        },
      }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['ledger', 'vulnerabilities'] }),
  })
  const open = useMutation({
    mutationFn: () =>
      call(workReply, '/api/v1/vulnerabilities/ticket', {
        method: 'POST',
        body: {
          ...{ asset: finding.asset, package: finding.package, id: finding.id },
          language: i18n.resolvedLanguage === 'ja' ? 'ja' : 'en',
        },
      }),
    onSuccess: (reply) => {
      setTicket(reply.ticket ?? '')
      void client.invalidateQueries({ queryKey: ['ledger', 'vulnerabilities'] })
    },
  })
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        save.mutate()
      }}
    >
      <Field label={t('column.owner')}>
        <input className="input" maxLength={200} value={owner} onChange={(event) => setOwner(event.target.value)} />
      </Field>
      <Field label={t('work.due')} hint={t('work.dueHint')}>
        <input className="input" type="date" value={due} onChange={(event) => setDue(event.target.value)} />
      </Field>
      <Field label={t('work.ticket')}>
        <input className="input" maxLength={500} value={ticket} onChange={(event) => setTicket(event.target.value)} />
      </Field>
      {save.error === null ? null : <ProblemNote error={save.error} />}
      {open.error === null ? null : <ProblemNote error={open.error} />}
      <div className="row">
        <DeedButton type="submit" className="btn ink" busy={save.isPending}>
          {t('work.save')}
        </DeedButton>
        {finding.ticket === null ? (
          <DeedButton type="button" className="btn" busy={open.isPending} onClick={() => open.mutate()}>
            {t('work.open')}
          </DeedButton>
        ) : null}
        {open.data?.ticket == null ? null : (
          <span className="label" role="status">
            {t('work.opened', { ticket: open.data.ticket.split(' ')[0] })}
          </span>
        )}
        {save.isSuccess ? (
          <span className="label" role="status">
            {t('work.saved')}
          </span>
        ) : null}
      </div>
    </form>
  )
}

/** Bear it for a while, or say that it does not concern us: another person has to approve either. */
export function WaiverForm({ finding }: { finding: VulnerabilityView }): ReactNode {
  const { t } = useTranslation('vulnerabilities')
  const format = useFormat()
  const client = useQueryClient()
  const [kind, setKind] = useState<'accept' | 'not_affected'>('accept')
  const [justification, setJustification] = useState<(typeof JUSTIFICATIONS)[number]>(JUSTIFICATIONS[0])
  const [reason, setReason] = useState('')
  const [days, setDays] = useState<number>(30)
  const propose = useMutation({
    mutationFn: () =>
      call(waiver, '/api/v1/vulnerability-exceptions', {
        method: 'POST',
        body: {
          ...{ asset: finding.asset, package: finding.package, id: finding.id, kind, reason, days },
          ...(kind === 'accept' ? {} : { justification }),
        },
      }),
    onSuccess: () => void client.invalidateQueries({ queryKey: ['ledger', 'vulnerabilities'] }),
  })
  if (propose.isSuccess) return <p role="status">{t('waiver.proposed')}</p>
  return (
    <form
      className="form"
      onSubmit={(event) => {
        event.preventDefault()
        propose.mutate()
      }}
    >
      <Field label={t('waiver.kind')}>
        <select
          className="input"
          value={kind}
          onChange={(event) => setKind(event.target.value === 'accept' ? 'accept' : 'not_affected')}
        >
          <option value="accept">{t('waiver.accept')}</option>
          <option value="not_affected">{t('waiver.notAffected')}</option>
        </select>
      </Field>
      {kind === 'accept' ? null : (
        <Field label={t('waiver.justification')}>
          <select
            className="input"
            value={justification}
            onChange={(event) => setJustification(JUSTIFICATIONS.find((one) => one === event.target.value) ?? JUSTIFICATIONS[0])}
          >
            {JUSTIFICATIONS.map((one) => (
              <option key={one} value={one}>
                {t(`waiver.why.${one}`)}
              </option>
            ))}
          </select>
        </Field>
      )}
      <Field label={t('waiver.reason')} hint={t('waiver.reasonHint')}>
        <textarea
          className="input"
          rows={3}
          required
          minLength={10}
          maxLength={2000}
          value={reason}
          onChange={(event) => setReason(event.target.value)}
        />
      </Field>
      <Field label={t('waiver.days')}>
        <select className="input" value={days} onChange={(event) => setDays(Number(event.target.value))}>
          {DAYS.map((one) => (
            <option key={one} value={one}>
              {format.days(one)}
            </option>
          ))}
        </select>
      </Field>
      {propose.error === null ? null : <ProblemNote error={propose.error} />}
      <div className="row">
        <DeedButton type="submit" className="btn" busy={propose.isPending} disabled={reason.trim().length < 10}>
          {t('waiver.propose')}
        </DeedButton>
        <span className="label">{t('waiver.needsAnother')}</span>
      </div>
    </form>
  )
}
