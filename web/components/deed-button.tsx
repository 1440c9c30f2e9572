import type { ComponentProps, ReactNode } from 'react'

/**
 * A button that asks the server for something. While it waits for the answer (`busy`) it takes no other press, and keeps the focus: a
 * disabled button would lose it to the page, and whoever works by keys or hears the page would begin again at its top.
 */
export function DeedButton({
  busy,
  type,
  className = 'btn',
  onClick,
  ...rest
}: ComponentProps<'button'> & { type: 'button' | 'submit'; busy: boolean }): ReactNode {
  return (
    <button
      {...rest}
      type={type}
      className={className}
      aria-disabled={busy || undefined}
      onClick={(event) => {
        // Of a form that is sent by the key Enter too: the browser presses its button.
        if (busy) event.preventDefault()
        else onClick?.(event)
      }}
    />
  )
}
