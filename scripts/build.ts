/** Builds dist/: the server and commands, the console and the verifier. Run by the launcher and by `npm run build`; types are `npm run verify`'s. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const steps: readonly (readonly string[])[] = [
  ['scripts/bundle.ts'],
  ['scripts/prepare-content.ts'],
  ...(existsSync('web/vite.config.ts')
    ? [
        ['node_modules/vite/bin/vite.js', 'build', '--config', 'web/vite.config.ts', '--logLevel', 'warn'],
        ['scripts/build-verifier.ts'],
      ]
    : []),
]
for (const step of steps) {
  const done = spawnSync(process.execPath, [...step], { stdio: 'inherit' })
  if (done.status !== 0) process.exit(done.status ?? 1)
}
