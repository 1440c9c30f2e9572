import type { ReactNode } from 'react'
import type { ReviewItem } from '../../../src/app/weekly/schema.ts'
import { withScope } from '../../api/scope.ts'
import { EntryLink } from '../../components/entry-link.tsx'
import { StateGlyph } from '../../components/state-glyph.tsx'
import { useFormat } from '../../components/use-format.ts'

const GLYPHS = { bad: 'miss', gone: 'gone', risk: 'risk', good: 'met' } as const

/** One line of the review: how it stands, what it is, and the entry that proves it. */
export function ItemLine({ item, children }: { item: ReviewItem; children?: ReactNode }): ReactNode {
  const format = useFormat()
  return (
    <li className="wrap">
      {item.tone === 'plain' ? null : <StateGlyph state={GLYPHS[item.tone]} />}
      <span className="grow">
        <a href={withScope(item.href)}>
          <bdi>{format.text(item.title)}</bdi>
        </a>
        {item.detail === null ? null : (
          <span className="ink2 block">
            <bdi>{format.text(item.detail)}</bdi>
          </span>
        )}
      </span>
      {item.entry === null ? null : <EntryLink index={item.entry} />}
      {children}
    </li>
  )
}
