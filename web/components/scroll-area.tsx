import type { ReactNode } from 'react'

/** A table or text that scrolls in itself and holds nothing to press: the keyboard reaches it all the same (WCAG 2.1.1). */
export function ScrollArea({
  label,
  className = 'figs-scroll',
  children,
}: {
  label: string
  className?: string
  children: ReactNode
}): ReactNode {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls takes the focus, or arrow keys could not reach it.
    <section className={className} tabIndex={0} aria-label={label}>
      {children}
    </section>
  )
}
