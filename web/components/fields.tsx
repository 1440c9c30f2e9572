import { cloneElement, type ReactElement, type ReactNode, useId } from 'react'

interface Control {
  id?: string
  'aria-describedby'?: string | undefined
  'aria-invalid'?: boolean
}

/** A labelled control. The hint describes it and is not part of its name; `wrong` says what is wrong with it instead. */
export function Field({
  label,
  hint,
  wrong,
  children,
}: {
  label: string
  hint?: string
  wrong?: string | undefined
  children: ReactElement<Control>
}): ReactNode {
  const id = useId()
  const said = wrong ?? hint
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {cloneElement(children, {
        id,
        'aria-describedby': said === undefined ? undefined : `${id}-hint`,
        'aria-invalid': wrong !== undefined,
      })}
      {said === undefined ? null : (
        <small id={`${id}-hint`} className={wrong === undefined ? 'label' : 'label bad'}>
          {said}
        </small>
      )}
    </div>
  )
}

/** A choice of yes or no, with what it means. */
export function Check({
  label,
  hint,
  checked,
  onChange,
}: {
  label: string
  hint?: string
  checked: boolean
  onChange: (checked: boolean) => void
}): ReactNode {
  const id = useId()
  return (
    <div className="check-field">
      <label className="check">
        <input
          type="checkbox"
          checked={checked}
          aria-describedby={hint === undefined ? undefined : id}
          onChange={(event) => onChange(event.target.checked)}
        />
        {label}
      </label>
      {hint === undefined ? null : (
        <small className="label" id={id}>
          {hint}
        </small>
      )}
    </div>
  )
}

/** A number that must be given. While nothing is typed it is NaN, and the browser does not send the form. */
export function NumberInput({
  value,
  onChange,
  short = false,
  ...bounds
}: Control & {
  min: number
  max: number
  value: number
  onChange: (value: number) => void
  short?: boolean
}): ReactNode {
  return (
    <input
      {...bounds}
      className={short ? 'input num short' : 'input num'}
      type="number"
      required
      value={Number.isNaN(value) ? '' : value}
      onChange={(event) => onChange(event.target.valueAsNumber)}
    />
  )
}
