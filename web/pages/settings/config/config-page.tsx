import { useQuery } from '@tanstack/react-query'
import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { SettingView } from '../../../../src/app/care/schema.ts'
import { configQuery } from '../../../api/care-queries.ts'
import { Code } from '../../../components/copy.tsx'
import { Icon } from '../../../components/icon.tsx'
import { ProblemNote } from '../../../components/problem-note.tsx'
import { Segmented } from '../../../components/segmented.tsx'
import { useFormat } from '../../../components/use-format.ts'
import { SettingsHead } from '../settings-page.tsx'
import { fileLine, matching, valueText } from './setting-text.ts'

/** Every setting: what holds, where that came from, what it means and how to change it. Nothing is changed here. */
export function ConfigPage(): ReactNode {
  const { t } = useTranslation('config')
  const { data, error, refetch } = useQuery(configQuery)
  const [search, setSearch] = useState('')
  const [which, setWhich] = useState<'all' | 'changed'>('all')
  const settings = data?.settings ?? []
  const shown = matching(which === 'all' ? settings : settings.filter(({ from }) => from !== 'default'), search)
  return (
    <>
      <SettingsHead title={t('title')} lead={t('lead')} />
      <section className="sheet" aria-label={t('title')}>
        <div className="filters">
          <input
            className="input sm"
            type="search"
            aria-label={t('search')}
            placeholder={t('search')}
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
          <Segmented
            label={t('which')}
            value={which}
            choices={[
              { value: 'all', label: t('all') },
              { value: 'changed', label: t('changed', { count: settings.filter(({ from }) => from !== 'default').length }) },
            ]}
            onChange={setWhich}
          />
          <span className="label end num" role="status">
            {t('count', { shown: shown.length, count: settings.length })}
          </span>
        </div>
        {error === null ? null : <ProblemNote error={error} retry={() => void refetch()} />}
        {data === undefined ? null : (
          <>
            <Settings settings={shown} file={data.file} />
            {shown.length === 0 ? (
              <p className="chart-p dim">{t(which === 'changed' && search === '' ? 'noneChanged' : 'none')}</p>
            ) : null}
            <div className="chart-p sec">
              <p className="label">{t('terminal')}</p>
              <Code prompt text="./kanpeki config explain" />
            </div>
          </>
        )}
      </section>
    </>
  )
}

function Settings({ settings, file }: { settings: readonly SettingView[]; file: string }): ReactNode {
  const { t } = useTranslation('config')
  const format = useFormat()
  if (settings.length === 0) return null
  return (
    <table className="srcs still">
      <thead>
        <tr>
          <th>{t('col.setting')}</th>
          <th>{t('col.value')}</th>
          <th>{t('col.from')}</th>
          <th className="x">{t('col.default')}</th>
        </tr>
      </thead>
      <tbody>
        {settings.map((setting) => {
          const value = valueText(setting.value, format.bytes, setting.fallback)
          const fallback = valueText(setting.fallback, format.bytes)
          return (
            <tr key={setting.key}>
              <td className="setting">
                <details className="rule">
                  <summary>
                    <span className="key">
                      <span className="mono name">{setting.key}</span>
                      <Icon name="plus" small />
                    </span>
                    <p className="ink2">{format.text(setting.meaning)}</p>
                  </summary>
                  <p className="label sec">{t(setting.flag === null ? 'changeQuiet' : 'change')}</p>
                  <dl className="set-ways">
                    <dt>{t('way.file')}</dt>
                    <dd>
                      <Code text={fileLine(setting)} note={file} />
                    </dd>
                    <dt>{t('way.variable')}</dt>
                    <dd className="mono">{setting.variable}</dd>
                    {setting.flag === null ? null : (
                      <>
                        <dt>{t('way.flag')}</dt>
                        <dd className="mono">{setting.flag}</dd>
                      </>
                    )}
                  </dl>
                </details>
              </td>
              <td className="mono value">{value ?? <span className="dim">{t('notSet')}</span>}</td>
              <td>
                <span className={setting.from === 'default' ? 'dim nw' : 'chip'}>{t(`from.${setting.from}`)}</span>
              </td>
              <td className="mono dim value x">{fallback ?? t('notSet')}</td>
            </tr>
          )
        })}
      </tbody>
    </table>
  )
}
