import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { ConnectionField } from '../../../../src/respond/connections/schema.ts'
import { Field } from '../../../components/fields.tsx'

/** What a kind of connection needs, asked for as its schema says. */
export function ConnectionFields({
  fields,
  valueIn,
  onChange,
  kept = false,
}: {
  fields: readonly ConnectionField[]
  valueIn: (field: ConnectionField) => string
  onChange: (field: ConnectionField, value: string) => void
  /** Secrets that are left empty stay as they are. */
  kept?: boolean
}): ReactNode {
  const { t } = useTranslation('connections')
  const hintOf = (field: ConnectionField): { hint?: string } => {
    if (field.secret && kept) return { hint: t('kept') }
    return field.required || field.choices !== undefined ? {} : { hint: t('optional') }
  }
  return (
    <>
      {fields.map((field) => (
        <Field key={field.name} label={t(`field.${field.name}` as 'field.url')} {...hintOf(field)}>
          <Control
            field={{ ...field, required: field.required && !(field.secret && kept) }}
            value={valueIn(field)}
            onChange={(value) => onChange(field, value)}
          />
        </Field>
      ))}
    </>
  )
}

/** The control takes what `Field` gives it: its id, and what describes it. */
function Control({
  field,
  value,
  onChange,
  ...given
}: {
  field: ConnectionField
  value: string
  onChange: (value: string) => void
}): ReactNode {
  const { t } = useTranslation('connections')
  const common = { ...given, className: 'input mono', value, required: field.required }
  if (field.choices !== undefined)
    return (
      <select {...common} className="input" onChange={(event) => onChange(event.target.value)}>
        {field.choices.map((one) => (
          <option key={one} value={one}>
            {t(`choice.${one}` as 'choice.yes')}
          </option>
        ))}
      </select>
    )
  // A key in PEM has lines, which a field of one line would lose.
  if (field.name === 'privateKey')
    return <textarea {...common} rows={4} spellCheck={false} onChange={(event) => onChange(event.target.value)} />
  return (
    <input
      {...common}
      type={field.secret ? 'password' : 'text'}
      autoComplete="off"
      spellCheck={false}
      onChange={(event) => onChange(event.target.value)}
    />
  )
}
