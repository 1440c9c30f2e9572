import { shown } from './model.ts'

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' }

/** Text for an element or a quoted attribute. */
export function escapeHtml(text: string): string {
  return shown(text).replaceAll(/[&<>"']/g, (one) => ESCAPES[one]!)
}
