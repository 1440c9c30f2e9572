import { useEffect, useRef } from 'react'
import { usePreferences } from './preferences.tsx'

type Handler = (event: KeyboardEvent) => void

/** Keys to handlers: `j`, `shift+x`, `mod+k` (⌘ or Ctrl), `g t` (one after the other), `enter`, `?`. */
export type KeyMap = Readonly<Record<string, Handler>>

interface Layer {
  readonly keys: () => KeyMap
  readonly enabled: () => boolean
}

const layers: Layer[] = []
let prefix = ''
let prefixAt = 0
/** How long `g` waits for its second key. */
const PREFIX_MS = 1200

/** Name of a key press, or undefined where it must not act: text is being typed or an IME composes. */
export function keyName(event: KeyboardEvent): string | undefined {
  if (event.isComposing || event.key === 'Process' || event.keyCode === 229) return undefined
  const mod = event.metaKey || event.ctrlKey
  if (event.altKey) return undefined
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key.toLowerCase()
  if (mod) return `mod+${key}`
  return event.shiftKey && /^[a-z]$/.test(key) ? `shift+${key}` : key
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
}

function onKeyDown(event: KeyboardEvent): void {
  const name = keyName(event)
  if (name === undefined || event.defaultPrevented) return
  const plain = !name.startsWith('mod+')
  if (plain && typing(event.target)) return
  // A dialog owns its keys: nothing behind it may act.
  if (plain && document.querySelector('dialog[open]') !== null) return
  // Enter and Space belong to the control in focus.
  if ((name === 'enter' || name === ' ') && event.target instanceof Element && event.target.closest('a,button,summary') !== null)
    return
  const chord = prefix !== '' && event.timeStamp - prefixAt < PREFIX_MS ? `${prefix} ${name}` : ''
  prefix = ''
  for (const layer of layers.toReversed()) {
    if (!layer.enabled() && plain) continue
    const keys = layer.keys()
    const handler = (chord === '' ? undefined : keys[chord]) ?? keys[name]
    if (handler !== undefined) {
      event.preventDefault()
      handler(event)
      return
    }
    if (Object.keys(keys).some((key) => key.startsWith(`${name} `))) {
      prefix = name
      prefixAt = event.timeStamp
    }
  }
}

/** Binds keys while the component is shown; the innermost component that knows a key gets it. */
export function useKeys(keys: KeyMap): void {
  const latest = useRef(keys)
  latest.current = keys
  const { singleKeys } = usePreferences()
  const enabled = useRef(singleKeys)
  enabled.current = singleKeys
  useEffect(() => {
    const layer: Layer = { keys: () => latest.current, enabled: () => enabled.current }
    if (layers.length === 0) window.addEventListener('keydown', onKeyDown)
    layers.push(layer)
    return () => {
      layers.splice(layers.indexOf(layer), 1)
      if (layers.length === 0) window.removeEventListener('keydown', onKeyDown)
    }
  }, [])
}
