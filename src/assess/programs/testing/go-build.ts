import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Of Debian's golang-go. */
export const GO = '/usr/bin/go'

/** What the built program holds of example.com/dep, as our package URLs say it. */
export const DEP = 'pkg:golang/example.com/dep@1.2.3'

/** Builds a program with one vendored module by the real tool chain, into `target`; no network is asked. @param folder for source and cache. */
export function goBuild(
  folder: string,
  target: string,
  environment: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
): void {
  const source = join(folder, 'go-source')
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(source, path)), { recursive: true })
    writeFileSync(join(source, path), text)
  }
  write('go.mod', 'module example.com/shop\n\ngo 1.18\n\nrequire example.com/dep v1.2.3\n')
  write('main.go', 'package main\n\nimport "example.com/dep"\n\nfunc main() { println(dep.Word()) }\n')
  write('vendor/modules.txt', '# example.com/dep v1.2.3\n## explicit; go 1.18\nexample.com/dep\n')
  write('vendor/example.com/dep/dep.go', 'package dep\n\nfunc Word() string { return "word" }\n')
  mkdirSync(dirname(target), { recursive: true })
  execFileSync(GO, ['build', '-mod=vendor', '-buildvcs=false', ...flags, '-o', target, '.'], {
    cwd: source,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      GOCACHE: join(folder, 'go-cache'),
      GOPROXY: 'off',
      GOFLAGS: '',
      GOTOOLCHAIN: 'local',
      CGO_ENABLED: '0',
      ...environment,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  })
}
