import { type ReactNode, useEffect, useRef } from 'react'

/**
 * A modal on the platform's own <dialog>: focus is kept inside, the page behind is inert, Escape closes,
 * focus returns to where it was. A click on the scrim closes too.
 */
export function Dialog({
  label,
  className,
  onClose,
  typed = false,
  children,
}: {
  label: string
  className: string
  onClose: () => void
  /** The dialog opens to be typed into: its first field takes the focus, otherwise the dialog itself does. */
  typed?: boolean
  children: ReactNode
}): ReactNode {
  const ref = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    if (dialog !== null && !dialog.open) dialog.showModal()
    // showModal() focuses the first control, which is the one that closes.
    if (typed) dialog?.querySelector<HTMLElement>('input:enabled, textarea:enabled, select:enabled')?.focus()
    else dialog?.focus()
    return () => {
      dialog?.close()
      if (before instanceof HTMLElement) before.focus()
    }
  }, [typed])
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the keyboard's way, given by <dialog> itself.
    <dialog
      ref={ref}
      aria-label={label}
      tabIndex={-1}
      className={className}
      onCancel={(event) => {
        event.preventDefault()
        onClose()
      }}
      onClick={(event) => {
        if (event.target === ref.current) onClose()
      }}
    >
      {children}
    </dialog>
  )
}
