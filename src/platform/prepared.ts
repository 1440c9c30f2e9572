import { hash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'

/** Which reader asks: one text says different things to different readers. */
export type PreparedKind = 'documents' | 'playbooks' | 'scenarios'

/** By the hash of a text, what it says. */
export type PreparedTexts = Readonly<Record<string, unknown>>

export function preparedKey(text: string): string {
  return hash('sha256', text, 'base64url')
}

/**
 * What a text that ships says, as it was read when Kanpeki was built: the same texts take the YAML parsers half a second at each
 * start. Undefined for every other text, and for all where the sources run directly.
 */
export const prepared = preparedIn(import.meta.url.endsWith('.js') ? new URL('../prepared/', import.meta.url) : undefined)

/** Each value is handed out once, so that nobody shares what another may change. */
export function preparedIn(folder: URL | undefined): (kind: PreparedKind, text: string) => unknown {
  const kinds = new Map<PreparedKind, Map<string, unknown>>()
  return (kind, text) => {
    if (folder === undefined) return undefined
    let texts = kinds.get(kind)
    if (texts === undefined) {
      texts = load(new URL(`${kind}.json`, folder))
      kinds.set(kind, texts)
    }
    if (texts.size === 0) return undefined
    const key = preparedKey(text)
    const value = texts.get(key)
    texts.delete(key)
    return value
  }
}

function load(file: URL): Map<string, unknown> {
  if (!existsSync(file)) return new Map()
  return new Map(Object.entries(JSON.parse(readFileSync(file, 'utf8')) as PreparedTexts))
}
