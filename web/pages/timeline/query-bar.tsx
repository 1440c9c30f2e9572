import { type KeyboardEvent, type ReactNode, type Ref, useEffect, useId, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { Icon } from '../../components/icon.tsx'
import { completions, wordAt } from './query-text.ts'

const MOST = 8

/** The query, with field names completed while they are typed. Enter searches, except while an IME composes. */
export function QueryBar({
  ref,
  query,
  fields,
  onSearch,
}: {
  ref: Ref<HTMLInputElement>
  query: string
  fields: readonly string[]
  onSearch: (query: string) => void
}): ReactNode {
  const { t } = useTranslation('timeline')
  const [text, setText] = useState(query)
  const [cursor, setCursor] = useState<number | undefined>()
  const [at, setAt] = useState(-1)
  const id = useId()
  useEffect(() => setText(query), [query])
  const word = cursor === undefined ? undefined : wordAt(text, cursor)
  const offered = word === undefined || word.word.length < 2 ? [] : completions(fields, word.word, MOST)

  const accept = (field: string): void => {
    if (word === undefined || cursor === undefined) return
    setText(`${text.slice(0, word.from)}${field}:${text.slice(cursor)}`)
    setCursor(undefined)
    setAt(-1)
  }
  const onKeyDown = (event: KeyboardEvent<HTMLInputElement>): void => {
    if (event.nativeEvent.isComposing || event.keyCode === 229) return
    const chosen = offered[at]
    if (event.key === 'ArrowDown' && offered.length > 0) setAt((at + 1) % offered.length)
    else if (event.key === 'ArrowUp' && offered.length > 0) setAt(at <= 0 ? offered.length - 1 : at - 1)
    else if ((event.key === 'Enter' || event.key === 'Tab') && chosen !== undefined) accept(chosen)
    else if (event.key === 'Escape') {
      if (offered.length > 0) setCursor(undefined)
      else event.currentTarget.blur()
    } else return
    event.preventDefault()
  }
  return (
    <search className="contents">
      <form
        onSubmit={(event) => {
          event.preventDefault()
          setCursor(undefined)
          onSearch(text.trim())
        }}
      >
        <Icon name="find" />
        <input
          ref={ref}
          className="input"
          value={text}
          spellCheck={false}
          autoComplete="off"
          placeholder={t('placeholder')}
          aria-label={t('query')}
          aria-keyshortcuts="/"
          role="combobox"
          aria-expanded={offered.length > 0}
          aria-controls={id}
          aria-autocomplete="list"
          aria-activedescendant={at >= 0 && offered.length > 0 ? `${id}-${at}` : undefined}
          onChange={(event) => {
            setText(event.target.value)
            setCursor(event.target.selectionStart ?? undefined)
            setAt(-1)
          }}
          onBlur={() => setCursor(undefined)}
          onKeyDown={onKeyDown}
        />
        <div id={id} role="listbox" aria-label={t('fields.title')} className={offered.length > 0 ? 'offer' : 'offer none'}>
          {offered.map((field, index) => (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the combobox handles the keys.
            // biome-ignore lint/a11y/useFocusableInteractive: focus stays in the combobox (aria-activedescendant).
            <div
              key={field}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => accept(field)}
            >
              {field}
            </div>
          ))}
        </div>
        <button type="submit" className="btn ink">
          {t('search')}
        </button>
      </form>
    </search>
  )
}
