import type { ReactNode } from 'react'

/** Sixteen-pixel line icons, drawn for this console. */
const PATHS = {
  overview: <path d="M2.5 2.5h6v4h-6zM10.5 2.5h3v4h-3zM2.5 8.5h3v5h-3zM7.5 8.5h6v5h-6z" />,
  declarations: (
    <>
      <rect x="2.5" y="2.5" width="11" height="11" rx="1.5" />
      <path d="M5.2 6h5.6M5.2 8.5h3.2" />
      <path d="M9.5 10h2v2h-2z" fill="currentColor" />
    </>
  ),
  triage: (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="M10.5 10.5 14 14M7 5v2.2l1.4 1" />
    </>
  ),
  timeline: <path d="M2 12.5h12M4 12.5V9M7 12.5V4.5M10 12.5V7M13 12.5V3" />,
  rules: <path d="M2.5 2.5h4v4h-4zM9.5 2.5h4v4h-4zM2.5 9.5h4v4h-4zM9.5 9.5h4v4h-4z" />,
  evidence: (
    <>
      <path d="M8 2v3M8 5 4 8.5M8 5l4 3.5M4 8.5V11M12 8.5V11" />
      <circle cx="4" cy="12.6" r="1.4" />
      <circle cx="12" cy="12.6" r="1.4" />
    </>
  ),
  proof: (
    <>
      <path d="M8 2.5v3.2M8 5.7 4 9M8 5.7 12 9" />
      <circle cx="4" cy="11" r="1.6" />
      <circle cx="12" cy="11" r="1.6" />
    </>
  ),
  frameworks: <path d="M2.500 13.500h11M2.500 6 8 2.500 13.500 6zM4.500 6v5M8 6v5M11.500 6v5M3 11h10" />,
  vulnerabilities: <path d="M8 2.300 14.200 13H1.800zM8 6.300v3.200M8 11.300v.01" />,
  assets: <path d="M8 1.800 13.500 4.800v6.400L8 14.200 2.500 11.200V4.800zM2.500 4.800 8 7.900l5.500-3.100M8 7.900v6.300" />,
  sources: <path d="M2 4.5h12M2 8h8M2 11.5h5M12 8.5v5M10 11.5l2 2 2-2" />,
  access: (
    <>
      <circle cx="5.5" cy="10.5" r="3" />
      <path d="M7.7 8.3 13.5 2.5M11 5l2 2M9.2 6.800l1.500 1.500" />
    </>
  ),
  settings: (
    <>
      <path d="M2 4.5h6.200M11.800 4.500H14M2 11.500h2.200M7.800 11.500H14" />
      <circle cx="10" cy="4.500" r="1.800" />
      <circle cx="6" cy="11.500" r="1.800" />
    </>
  ),
  find: (
    <>
      <circle cx="7" cy="7" r="4.5" />
      <path d="M10.5 10.5 14 14" />
    </>
  ),
  theme: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M8 2.5v11a5.5 5.5 0 0 0 0-11z" fill="currentColor" />
    </>
  ),
  light: (
    <>
      <circle cx="8" cy="8" r="3" />
      <path d="M8 1.500v1.500M8 13v1.500M1.500 8H3M13 8h1.500M3.400 3.400l1 1M11.600 11.600l1 1M12.600 3.400l-1 1M4.400 11.600l-1 1" />
    </>
  ),
  dark: <path d="M13 9.500A5.500 5.500 0 0 1 6.500 3a5.500 5.500 0 1 0 6.500 6.500z" />,
  copy: (
    <>
      <rect x="5.5" y="5.5" width="8" height="8" rx="1.2" />
      <path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2" />
    </>
  ),
  check: <path d="m3.5 8.5 3 3 6-7" />,
  close: <path d="m4 4 8 8M12 4l-8 8" />,
  download: <path d="M8 2.5v7.5M4.8 7 8 10.2 11.2 7M3 13.5h10" />,
  send: <path d="M14 2 2 7l5 2 2 5z" />,
  host: (
    <>
      <rect x="2" y="3" width="12" height="4" rx="1" />
      <rect x="2" y="9" width="12" height="4" rx="1" />
      <path d="M4.5 5h.01M4.5 11h.01" />
    </>
  ),
  user: (
    <>
      <circle cx="8" cy="5.3" r="2.6" />
      <path d="M3 13.5c.4-2.7 2.4-4 5-4s4.6 1.3 5 4" />
    </>
  ),
  address: (
    <>
      <circle cx="8" cy="8" r="5.5" />
      <path d="M2.500 8h11M8 2.500c3.500 3.400 3.500 7.600 0 11M8 2.500c-3.500 3.400-3.500 7.600 0 11" />
    </>
  ),
  audit: <path d="M3.500 2.500h7l2.500 2.500v8.500h-9.500zM6 6.500h4.500M6 9h4.500M6 11.500h2.500" />,
  plus: <path d="M8 3v10M3 8h10" />,
  minus: <path d="M3 8h10" />,
  around: (
    <>
      <path d="M8 4.500v3.500l2.300 1.500" />
      <circle cx="8" cy="8" r="5.500" />
    </>
  ),
  code: <path d="m5.500 4.500-3 3.500 3 3.500M10.500 4.500l3 3.500-3 3.500" />,
  signOut: <path d="M9.500 3H4a1 1 0 0 0-1 1v8a1 1 0 0 0 1 1h5.500M7 8h7M11.500 5.500 14 8l-2.500 2.500" />,
  help: (
    <>
      <circle cx="8" cy="8" r="5.500" />
      <path d="M6.300 6.500c0-2.400 3.400-2.400 3.400 0 0 1.300-1.700 1.400-1.700 2.700M8 11.200v.01" />
    </>
  ),
  shield: <path d="M8 1.800l5 1.900v4.100c0 3.100-2.100 5.300-5 6.400-2.900-1.100-5-3.300-5-6.400V3.700z" />,
  playbooks: <path d="M3 2.5h4v3H3zM9 6.500h4v3H9zM3 10.500h4v3H3zM5 5.500v5M5 8h4" />,
  exercises: (
    <>
      <circle cx="8" cy="8" r="5.500" />
      <circle cx="8" cy="8" r="2.200" />
    </>
  ),
  incidents: (
    <>
      <path d="M3 14V2.500M3 3h9l-2.200 3L12 9H3" />
    </>
  ),
  refresh: <path d="M13 8a5 5 0 1 1-1.600-3.700L13 5.800M13 2.600v3.200H9.800" />,
} as const
export type IconName = keyof typeof PATHS

/** Decoration beside a word; a button that shows only an icon carries its own label. */
export function Icon({ name, small = false }: { name: IconName; small?: boolean }): ReactNode {
  return (
    <svg className={small ? 'ico sm' : 'ico'} viewBox="0 0 16 16" aria-hidden="true">
      {PATHS[name]}
    </svg>
  )
}
