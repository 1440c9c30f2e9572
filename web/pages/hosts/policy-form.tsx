import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import type { PolicySettings, StoppingRule } from '../../../src/hosts/schema.ts'
import { Check, Field } from '../../components/fields.tsx'
import { useFormat } from '../../components/use-format.ts'
import { PolicyPreview } from './policy-preview.tsx'
import { rulesOf, textOf } from './policy-text.ts'

const EVERY = '*'

const linesOf = (text: string): string[] => text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))

/** Lists of paths that the form edits, one a line, with how many lines it shows of each. */
const PATHS = {
  watch: 3,
  ignore: 2,
  webRoots: 2,
  yaraFolders: 2,
  guard: 2,
  logs: 2,
} as const
type PathSetting = keyof typeof PATHS
const WATCHED: readonly PathSetting[] = ['watch', 'ignore']
const LOOKED_AT: readonly PathSetting[] = ['webRoots', 'yaraFolders', 'guard', 'logs']

/** What hosts with a label watch, look for and stop. It is planned before it is set. */
export function PolicyForm({
  label: first,
  settings,
  stopping,
  onDone,
  onCancel,
}: {
  label: string
  settings: PolicySettings
  /** Rules that may stop what they find. */
  stopping: readonly StoppingRule[]
  onDone: () => void
  onCancel: () => void
}): ReactNode {
  const { t } = useTranslation('hosts')
  const { t: common } = useTranslation()
  const format = useFormat()
  const [label, setLabel] = useState(first === '' ? EVERY : first)
  const [paths, setPaths] = useState<Readonly<Record<PathSetting, string>>>(
    () =>
      Object.fromEntries(Object.keys(PATHS).map((name) => [name, (settings[name as PathSetting] ?? []).join('\n')])) as Record<
        PathSetting,
        string
      >,
  )
  const [rules, setRules] = useState((settings.integrity ?? []).map(textOf).join('\n'))
  const [frozen, setFrozen] = useState(settings.frozen === true)
  const [minutes, setMinutes] = useState(settings.fullCheckMs === undefined ? '' : String(settings.fullCheckMs / 60_000))
  const [detect, setDetect] = useState(settings.detect !== false)
  const [stop, setStop] = useState<readonly string[]>(settings.stop ?? [])
  const [canaries, setCanaries] = useState(settings.canaries === true)
  const [packets, setPackets] = useState(settings.packetRing === true)
  const [deadMan, setDeadMan] = useState(settings.deadManSeconds === undefined ? '' : String(settings.deadManSeconds))
  const [planned, setPlanned] = useState<PolicySettings | undefined>()
  const parsed = rulesOf(rules)
  const unlisted = stop.filter((id) => id !== EVERY && !stopping.some((rule) => rule.id === id))

  const written = (): PolicySettings => {
    const {
      integrity: _integrity,
      frozen: _frozen,
      fullCheckMs: _minutes,
      detect: _detect,
      stop: _stop,
      canaries: _canaries,
      packetRing: _packets,
      deadManSeconds: _deadMan,
      ...others
    } = settings
    const next: PolicySettings = { ...others }
    for (const name of Object.keys(PATHS) as PathSetting[]) {
      const lines = linesOf(paths[name])
      if (lines.length > 0) next[name] = lines
      else delete next[name]
    }
    return {
      ...next,
      ...(parsed === undefined || parsed.length === 0 ? {} : { integrity: parsed }),
      ...(frozen ? { frozen } : {}),
      ...(minutes === '' ? {} : { fullCheckMs: Math.round(Number(minutes) * 60_000) }),
      ...(detect ? {} : { detect }),
      ...(stop.length === 0 ? {} : { stop: [...stop] }),
      ...(canaries ? { canaries } : {}),
      ...(packets ? { packetRing: packets } : {}),
      ...(deadMan === '' ? {} : { deadManSeconds: Number(deadMan) }),
    }
  }
  const pathField = (name: PathSetting): ReactNode => (
    <Field key={name} label={t(`policies.${name}`)} hint={t(`policies.${name}Hint`)}>
      <textarea
        className="input mono"
        rows={PATHS[name]}
        value={paths[name]}
        onChange={(event) => setPaths({ ...paths, [name]: event.target.value })}
      />
    </Field>
  )
  const choose = (id: string, chosen: boolean): void => setStop(chosen ? [...stop, id] : stop.filter((one) => one !== id))

  if (planned !== undefined)
    return (
      <div className="chart-p">
        <PolicyPreview label={label.trim()} settings={planned} onDone={onDone} onCancel={() => setPlanned(undefined)} />
      </div>
    )
  return (
    <form
      className="stack chart-p"
      onSubmit={(event) => {
        event.preventDefault()
        setPlanned(written())
      }}
    >
      <Field label={t('policies.label')} hint={t('policies.labelHint')}>
        <input
          className="input mono"
          required
          maxLength={200}
          pattern="\*|[^=\s]+=.+"
          disabled={first !== ''}
          value={label}
          onChange={(event) => setLabel(event.target.value)}
        />
      </Field>
      {WATCHED.map(pathField)}
      <Field
        label={t('policies.rules')}
        hint={t('policies.rulesHint')}
        wrong={parsed === undefined ? t('policies.rulesWrong') : undefined}
      >
        <textarea className="input mono" rows={3} value={rules} onChange={(event) => setRules(event.target.value)} />
      </Field>
      <Field label={t('policies.minutes')}>
        <input
          className="input num short"
          type="number"
          min={1}
          max={10_080}
          value={minutes}
          onChange={(event) => setMinutes(event.target.value)}
        />
      </Field>
      <Check label={t('policies.frozen')} hint={t('policies.frozenHint')} checked={frozen} onChange={setFrozen} />

      <h3>{t('policies.looksFor')}</h3>
      <Check label={t('policies.detect')} hint={t('policies.detectHint')} checked={detect} onChange={setDetect} />
      {LOOKED_AT.map(pathField)}
      <Check label={t('policies.canaries')} hint={t('policies.canariesHint')} checked={canaries} onChange={setCanaries} />
      <Check label={t('policies.packets')} hint={t('policies.packetsHint')} checked={packets} onChange={setPackets} />

      <fieldset className="form-part">
        <legend>{t('policies.stop')}</legend>
        <p className="label">{t('policies.stopHint')}</p>
        {stop.includes(EVERY) ? (
          <Check label={t('policies.stopAll')} checked onChange={(chosen) => choose(EVERY, chosen)} />
        ) : (
          stopping.map(({ id, title, titleJa, stop: how }) => (
            <Check
              key={id}
              label={`${format.text({ en: title, ja: titleJa })} (${t(`policies.how.${how}`)})`}
              checked={stop.includes(id)}
              onChange={(chosen) => choose(id, chosen)}
            />
          ))
        )}
        {unlisted.map((id) => (
          <Check key={id} label={t('policies.unlisted', { id })} checked onChange={(chosen) => choose(id, chosen)} />
        ))}
      </fieldset>
      <Field label={t('policies.deadMan')} hint={t('policies.deadManHint')}>
        <input
          className="input num short"
          type="number"
          min={3}
          max={86_400}
          value={deadMan}
          onChange={(event) => setDeadMan(event.target.value)}
        />
      </Field>
      <p className="row">
        <button type="submit" className="btn ink" disabled={parsed === undefined}>
          {t('policies.plan')}
        </button>
        <button type="button" className="btn quiet" onClick={onCancel}>
          {common('cancel')}
        </button>
      </p>
    </form>
  )
}
