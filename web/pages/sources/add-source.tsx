import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type KeyboardEvent, type ReactNode, useRef } from 'react'
import { useTranslation } from 'react-i18next'
import { createdTokenSchema } from '../../../src/access/schema.ts'
import { call } from '../../api/client.ts'
import { shippersQuery } from '../../api/queries.ts'
import { Coded } from '../../components/coded.tsx'
import { CopyButton } from '../../components/copy.tsx'
import { DeedButton } from '../../components/deed-button.tsx'
import { Icon } from '../../components/icon.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { useFormat } from '../../components/use-format.ts'

/** One snippet a shipper, with the real address; a token made here is written into it. */
export function AddSource({
  chosen,
  onChoose,
  first,
}: {
  chosen: string | undefined
  onChoose: (id: string) => void
  first: boolean | undefined
}): ReactNode {
  const { t } = useTranslation('sources')
  const format = useFormat()
  const client = useQueryClient()
  const list = useRef<HTMLDivElement>(null)
  const { data, error, refetch } = useQuery(shippersQuery)
  const token = useMutation({
    mutationFn: (name: string) => call(createdTokenSchema, '/api/v1/tokens', { method: 'POST', body: { name, scope: 'ingest' } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ['tokens'] }),
  })
  const shippers = data?.shippers ?? []
  const shipper = shippers.find((one) => one.id === chosen) ?? shippers[0]
  const text = shipper?.text.replaceAll('{{token}}', token.data?.token ?? 'YOUR-TOKEN') ?? ''
  const onKeyDown = (event: KeyboardEvent): void => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
    if (by === 0 || shipper === undefined) return
    event.preventDefault()
    const next = shippers[(shippers.indexOf(shipper) + by + shippers.length) % shippers.length]
    if (next === undefined) return
    onChoose(next.id)
    list.current?.querySelector<HTMLButtonElement>(`#ship-${CSS.escape(next.id)}`)?.focus()
  }
  return (
    <section className="sheet add-place" aria-label={t('add')}>
      {first === true ? (
        <div className="empty add-first">
          <h2>{t('firstTitle')}</h2>
          <p>{t('firstText')}</p>
        </div>
      ) : null}
      {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
      {shipper === undefined ? null : (
        <div className="shippers">
          <div
            ref={list}
            className="ships"
            role="tablist"
            aria-label={t('shippers')}
            aria-orientation="vertical"
            onKeyDown={onKeyDown}
          >
            {shippers.map((one) => (
              <button
                key={one.id}
                id={`ship-${one.id}`}
                type="button"
                role="tab"
                aria-selected={one === shipper}
                tabIndex={one === shipper ? 0 : -1}
                onClick={() => onChoose(one.id)}
              >
                {format.text(one.title)}
              </button>
            ))}
          </div>
          <div role="tabpanel" aria-labelledby={`ship-${shipper.id}`}>
            <div className="row">
              <p className="grow ink2 coded">
                <Coded text={format.text(shipper.note)} />
              </p>
              <span className="chip">{t(`proof.${shipper.proof}`)}</span>
            </div>
            <div className="pre-w">
              <pre>{text}</pre>
              <CopyButton text={text} />
            </div>
            <div className="row draft-row">
              {token.data === undefined ? (
                <DeedButton type="button" className="btn" busy={token.isPending} onClick={() => token.mutate(shipper.id)}>
                  <Icon name="access" />
                  {t('makeToken')}
                </DeedButton>
              ) : (
                <span className="label" role="status">
                  {t('tokenIn')}
                </span>
              )}
              {token.error === null ? null : <ProblemNote error={token.error} />}
            </div>
          </div>
        </div>
      )}
    </section>
  )
}
