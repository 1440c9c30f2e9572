import { Fragment, type KeyboardEvent, type ReactNode, useEffect, useId, useRef, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Dialog } from '../dialog.tsx'
import { Icon } from '../icon.tsx'
import { Marked } from '../marked.tsx'
import { type Command, useCommands } from './use-commands.ts'

/** Actions, places and questions behind ⌘K. A combobox with a list: focus stays in the input. */
export function Palette({ onClose, onHelp }: { onClose: () => void; onHelp: () => void }): ReactNode {
  const { t } = useTranslation()
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const id = useId()
  const commands = useCommands(typed, onHelp)
  const chosen = commands[Math.min(at, commands.length - 1)]

  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  })

  const run = (command: Command | undefined): void => {
    if (command === undefined) return
    onClose()
    command.run()
  }
  const onKeyDown = (event: KeyboardEvent): void => {
    // While an IME composes, Enter and the arrows choose among its candidates.
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    if (event.key === 'ArrowDown') setAt((at + 1) % commands.length)
    else if (event.key === 'ArrowUp') setAt((at - 1 + commands.length) % commands.length)
    else if (event.key === 'Enter') run(chosen)
    else return
    event.preventDefault()
  }

  return (
    <Dialog label={t('palette.label')} className="pal" typed onClose={onClose}>
      <div className="pal-i">
        <Icon name="find" />
        <input
          autoFocus
          value={typed}
          placeholder={t('palette.open')}
          role="combobox"
          aria-expanded="true"
          aria-autocomplete="list"
          aria-controls={`${id}-list`}
          aria-activedescendant={chosen === undefined ? undefined : `${id}-${chosen.id}`}
          aria-label={t('palette.open')}
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKeyDown}
        />
      </div>
      <div ref={list} className="pal-l" id={`${id}-list`} role="listbox" aria-label={t('palette.label')}>
        {[...new Set(commands.map((command) => command.section))].map((section) => {
          const rows = commands.filter((command) => command.section === section)
          return (
            <Fragment key={section}>
              <h5 role="presentation">{t(`palette.${section}`)}</h5>
              {rows.map((command) => (
                <Row
                  key={command.id}
                  id={`${id}-${command.id}`}
                  command={command}
                  typed={typed}
                  selected={command === chosen}
                  onRun={run}
                />
              ))}
            </Fragment>
          )
        })}
      </div>
      <div className="pal-f">
        <span>
          <kbd>↑</kbd>
          <kbd>↓</kbd>
          {t('palette.move')}
        </span>
        <span>
          <kbd>↵</kbd>
          {t('palette.run')}
        </span>
        <span>
          <kbd>esc</kbd>
          {t('close')}
        </span>
        <span className="end">{t('palette.ime')}</span>
      </div>
    </Dialog>
  )
}

function Row({
  id,
  command,
  typed,
  selected,
  onRun,
}: {
  id: string
  command: Command
  typed: string
  selected: boolean
  onRun: (command: Command) => void
}): ReactNode {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox above handles the keys.
    // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the combobox (aria-activedescendant).
    <div id={id} className="pal-row" role="option" aria-selected={selected} onClick={() => onRun(command)}>
      <Icon name={command.icon} />
      <span className="nw">
        <Marked text={command.text} wanted={typed} />
      </span>
      <span className="dim clip">{command.hint}</span>
      <span className="keys">
        {command.keys.map((key) => (
          <kbd key={key}>{key}</kbd>
        ))}
      </span>
    </div>
  )
}
