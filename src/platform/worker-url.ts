/**
 * Where a thread's or child process's module is: beside the caller, with the caller's own extension (`.ts` when the
 * sources run directly, `.js` in dist/). `name` has none: `./worker`.
 */
export function workerUrl(importMetaUrl: string, name: string): URL {
  const extension = new URL(importMetaUrl).pathname.endsWith('.ts') ? '.ts' : '.js'
  return new URL(`${name}${extension}`, importMetaUrl)
}
