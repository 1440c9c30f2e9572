const BASE = 'http://kanpeki.invalid'

/**
 * A page of ours to go to after a sign-in, from a link that anybody may have written; `/` for everything else (open
 * redirect). What is answered begins with exactly one slash, in the form in which a browser would read it: `//host`,
 * `/\host`, `/./\/host` and their kin name another host there.
 */
export function localPath(to: string | undefined): string {
  if (to === undefined || !/^\/[\x21-\x7e]*$/.test(to) || to.includes('\\')) return '/'
  const url = URL.parse(to, BASE)
  if (url === null || url.origin !== BASE) return '/'
  const path = `${url.pathname}${url.search}${url.hash}`
  return path.startsWith('//') || /^\/api(\/|$)/i.test(url.pathname) ? '/' : path
}
