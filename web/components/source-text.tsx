import type { ReactNode } from 'react'

/** Text as it was written. Where it is larger than its box, the keyboard can scroll it too (WCAG 2.1.1). */
export function SourceText({
  text,
  label,
  className = 'well',
}: {
  text: string
  /** What it is, for readers who cannot see where it stands. */
  label: string
  className?: string
}): ReactNode {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a section does not keep line feeds and columns.
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus, or arrow keys could not reach it.
    <pre className={className} tabIndex={0} role="region" aria-label={label}>
      {text}
    </pre>
  )
}
