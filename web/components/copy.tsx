import { type ReactNode, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from './icon.tsx'

/** Copies where the clipboard API is there (secure contexts and loopback), and through a selection elsewhere. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    const area = document.createElement('textarea')
    area.value = text
    document.body.append(area)
    area.select()
    const done = document.execCommand('copy')
    area.remove()
    return done
  }
}

export function CopyButton({ text, label }: { text: string; label?: string }): ReactNode {
  const { t } = useTranslation()
  const [state, setState] = useState<'idle' | 'done' | 'failed'>('idle')
  const name = label ?? t('copy.copy')
  return (
    <button
      type="button"
      className="copy"
      aria-label={name}
      title={name}
      onClick={async () => {
        setState((await copyText(text)) ? 'done' : 'failed')
        setTimeout(() => setState('idle'), 1600)
      }}
    >
      <Icon name={state === 'done' ? 'check' : 'copy'} />
      <span className="sr" role="status">
        {state === 'done' ? t('copy.done') : state === 'failed' ? t('copy.failed') : ''}
      </span>
    </button>
  )
}

/** A command that works as it stands, with its copy button. */
export function Code({
  text,
  prompt = false,
  note,
  action,
}: {
  text: string
  prompt?: boolean
  note?: string
  action?: ReactNode
}): ReactNode {
  return (
    <div className="code">
      {prompt ? <em aria-hidden="true">$</em> : null}
      <code>
        {note === undefined ? null : (
          <>
            <em># {note}</em>
            {'\n'}
          </>
        )}
        {text}
      </code>
      {action}
      <CopyButton text={text} />
    </div>
  )
}
