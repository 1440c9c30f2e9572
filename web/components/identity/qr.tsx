import type { ReactNode } from 'react'
import { encode } from 'uqr'

/** A QR code as one path: dark squares on a light ground in both themes, since cameras expect it so. */
export function Qr({ text, label }: { text: string; label: string }): ReactNode {
  const { data, size } = encode(text, { ecc: 'M', border: 4 })
  const path = data
    .flatMap((row, y) => row.map((dark, x) => (dark ? `M${x} ${y}h1v1h-1z` : '')))
    .filter((square) => square !== '')
    .join('')
  return (
    <svg className="qr" viewBox={`0 0 ${size} ${size}`} role="img" aria-label={label} shapeRendering="crispEdges">
      <rect width={size} height={size} className="qr-0" />
      <path d={path} className="qr-1" />
    </svg>
  )
}
