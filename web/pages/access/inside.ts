/** Only paths of this console: an address that leaves it is not followed. */
export function inside(to: string | undefined, origin: string): string {
  if (to === undefined || !/^\/(?![/\\])/.test(to)) return '/'
  try {
    // Browsers drop tabs and newlines from addresses: what the parser makes of it counts, not how it looks.
    const url = new URL(to, origin)
    const path = `${url.pathname}${url.search}${url.hash}`
    return url.origin === origin && !path.startsWith('//') ? path : '/'
  } catch {
    return '/'
  }
}
