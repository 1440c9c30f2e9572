import type { Route } from '../platform/http/route.ts'

/** The methods that a path takes, as `Allow` lists them (RFC 9110 §10.2.1); empty where nothing is there. */
export type MethodsOf = (path: string) => readonly string[]

/** @param routes as they are mounted: `:name` for a part of a path, a final `*` for the rest. */
export function methodsByPath(routes: readonly Pick<Route, 'method' | 'path'>[]): MethodsOf {
  const patterns = new Map<string, { readonly form: RegExp; readonly methods: Set<string> }>()
  for (const { method, path } of routes) {
    const form = path
      .replace(/[.+()[\]{}$^|\\]/g, '\\$&')
      .replace(/:\w+/g, '[^/]+')
      .replace(/\*$/, '.*')
    const known = patterns.get(form) ?? { form: new RegExp(`^${form}$`), methods: new Set<string>() }
    patterns.set(form, known)
    known.methods.add(method)
    if (method === 'GET') known.methods.add('HEAD')
  }
  return (path) =>
    [...new Set([...patterns.values()].filter(({ form }) => form.test(path)).flatMap(({ methods }) => [...methods]))].sort()
}
