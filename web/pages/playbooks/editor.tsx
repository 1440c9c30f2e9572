import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { type Checked, playbookView } from '../../../src/respond/playbooks/schema.ts'
import { call } from '../../api/client.ts'
import { checkQuery, playbookQuery } from '../../api/playbooks.ts'
import { DeedButton } from '../../components/deed-button.tsx'
import { ProblemNote } from '../../components/problem-note.tsx'
import { Drawer } from '../settings/drawer.tsx'
import { Graph } from './graph.tsx'
import { TEMPLATE } from './template.ts'
import { Tests } from './tests.tsx'

const TYPING_MS = 350

/** A playbook's text beside what is wrong with it, its graph and its tests; kept as a new version. */
export function Editor({
  id,
  onSaved,
  onClose,
}: {
  id: string | undefined
  onSaved: (id: string) => void
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('playbooks')
  const { data, error } = useQuery({ ...playbookQuery(id ?? ''), enabled: id !== undefined })
  if (error !== null)
    return (
      <Drawer title={t('edit')} onClose={onClose}>
        <ProblemNote error={error} />
      </Drawer>
    )
  if (id !== undefined && data === undefined) return null
  return <Text start={data?.source ?? TEMPLATE} title={id ?? t('new')} onSaved={onSaved} onClose={onClose} />
}

function Text({
  start,
  title,
  onSaved,
  onClose,
}: {
  start: string
  title: string
  onSaved: (id: string) => void
  onClose: () => void
}): ReactNode {
  const { t } = useTranslation('playbooks')
  const client = useQueryClient()
  const [source, setSource] = useState(start)
  const [looked, setLooked] = useState(start)
  const [note, setNote] = useState('')
  const area = useRef<HTMLTextAreaElement>(null)
  useEffect(() => {
    const timer = setTimeout(() => setLooked(source), TYPING_MS)
    return () => clearTimeout(timer)
  }, [source])
  const { data, error } = useQuery(checkQuery(looked))
  const save = useMutation({
    mutationFn: () => call(playbookView, '/api/v1/playbooks', { method: 'POST', body: { source, note } }),
    onSuccess: async (saved) => {
      await client.invalidateQueries({ queryKey: ['playbooks'] })
      onSaved(saved.id)
    },
  })
  const goTo = (line: number, column: number): void => {
    const lines = source.split('\n')
    const at = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0) + column - 1
    area.current?.focus()
    area.current?.setSelectionRange(at, at + 1)
  }
  const fresh = looked === source && data !== undefined
  return (
    <Drawer title={title} lead={t('editLead')} onClose={onClose}>
      <div className="pb-editor">
        <textarea
          ref={area}
          className="input pb-source"
          aria-label={t('text')}
          spellCheck={false}
          value={source}
          rows={24}
          onChange={(event) => setSource(event.target.value)}
        />
        <Found checked={data} onGo={goTo} />
      </div>
      {error === null ? null : <ProblemNote error={error} />}
      {save.error === null ? null : <ProblemNote error={save.error} />}
      <div className="row pb-save">
        <input
          className="input grow"
          aria-label={t('versionNote')}
          placeholder={t('versionNote')}
          value={note}
          onChange={(event) => setNote(event.target.value)}
        />
        <DeedButton
          type="button"
          className="btn"
          busy={save.isPending}
          disabled={!fresh || !data.valid}
          onClick={() => save.mutate()}
        >
          {t('save')}
        </DeedButton>
      </div>
      {data?.graph === null || data === undefined ? null : <Graph graph={data.graph} />}
      {data?.valid === true ? <Tests tests={data.tests} /> : null}
    </Drawer>
  )
}

/** In the reader's words, with the server's below, which name what is meant. English readers get the server's. */
function ProblemSaid({ problem: { code, field, message, remedy } }: { problem: Checked['problems'][number] }): ReactNode {
  const { t, i18n } = useTranslation('playbooks')
  const key = `problem.${code}`
  if (i18n.language === 'en' || !i18n.exists(key, { ns: 'playbooks' }))
    return (
      <>
        <bdi>
          {field} {message}
        </bdi>{' '}
        <span className="ink2">{remedy}</span>
      </>
    )
  return (
    <>
      <bdi>{field}</bdi> {t(`${key}.text` as 'problem.syntax.text')}{' '}
      <span className="ink2">{t(`${key}.remedy` as 'problem.syntax.remedy')}</span>
      <bdi className="said-as mono dim" lang="en">
        {message}
        {code === 'unknown_action' ? ` ${remedy}` : ''}
      </bdi>
    </>
  )
}

function Found({ checked, onGo }: { checked: Checked | undefined; onGo: (line: number, column: number) => void }): ReactNode {
  const { t } = useTranslation('playbooks')
  if (checked === undefined) return null
  if (checked.valid)
    return (
      <p className="label" role="status">
        {t('valid')}
      </p>
    )
  return (
    <ul className="pb-problems" aria-label={t('problems', { count: checked.problems.length })}>
      {checked.problems.map((one) => (
        <li key={`${one.line} ${one.column} ${one.field} ${one.code}`}>
          <button type="button" className="link mono" onClick={() => onGo(one.line, one.column)}>
            {one.line}:{one.column}
          </button>{' '}
          <ProblemSaid problem={one} />
        </li>
      ))}
    </ul>
  )
}
