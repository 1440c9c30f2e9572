import { type ReactNode, useId } from 'react'

/** A labelled control with a hint under it. */
export function Field({ label, hint, children }: { label: string; hint?: string; children: ReactNode }): ReactNode {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child.
    <label className="field">
      <span>{label}</span>
      {children}
      {hint === undefined ? null : <small className="label">{hint}</small>}
    </label>
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
