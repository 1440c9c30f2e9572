import type { ReactNode } from 'react'

/** The one pattern for missing evidence; figures refer to it as `url(#hatch)`. */
export function Hatch(): ReactNode {
  return (
    <svg className="defs" width="0" height="0" aria-hidden="true">
      <pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
        <path d="M0 0V5" stroke="var(--gone-line)" strokeWidth="1.4" />
      </pattern>
    </svg>
  )
}
