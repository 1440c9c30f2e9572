import type { ReactNode } from 'react'

/** Six digits of an authenticator app; browsers and password managers fill it by its `autocomplete`. */
export function CodeField({
  label,
  value,
  onChange,
  focus = false,
}: {
  label: string
  value: string
  onChange: (code: string) => void
  focus?: boolean
}): ReactNode {
  return (
    <label className="field">
      <span>{label}</span>
      <input
        className="input code-in num"
        // biome-ignore lint/a11y/noAutofocus: asked for where the step has this one purpose.
        autoFocus={focus}
        required
        inputMode="numeric"
        autoComplete="one-time-code"
        maxLength={7}
        pattern="[0-9０-９ ]{6,7}"
        value={value}
        // Japanese input methods may type full-width digits.
        onChange={(event) => onChange(event.target.value.normalize('NFKC'))}
      />
    </label>
  )
}
