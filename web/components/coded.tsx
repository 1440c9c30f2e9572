import type { ReactNode } from 'react'

/** Text in which what stands between backticks is code. */
export function Coded({ text }: { text: string }): ReactNode {
  return text.split('`').map((part, at) => (at % 2 === 0 ? part : <code key={`${at}-${part}`}>{part}</code>))
}
