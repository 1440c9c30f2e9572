import type { ReactNode } from 'react'
import type { Labels } from '../../../src/access/scopes/schema.ts'

/** Labels as `key=value`, by key. */
export function LabelChips({ labels }: { labels: Labels }): ReactNode {
  const entries = Object.entries(labels).sort(([a], [b]) => a.localeCompare(b))
  return (
    <span className="chips">
      {entries.map(([key, value]) => (
        <span key={key} className="chip mono">
          <bdi>
            {key}={value}
          </bdi>
        </span>
      ))}
    </span>
  )
}
