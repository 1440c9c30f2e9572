import type { ReactNode } from 'react'
import { findFolded } from '../format/fold.ts'

/** Text with the part that matches a search under the highlighter. */
export function Marked({ text, wanted }: { text: string; wanted: string }): ReactNode {
  const hit = findFolded(text, wanted)
  if (hit === undefined) return text
  return (
    <>
      {text.slice(0, hit[0])}
      <mark>{text.slice(hit[0], hit[1])}</mark>
      {text.slice(hit[1])}
    </>
  )
}
