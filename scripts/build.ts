/** Builds dist/: the server and commands by tsc, the console and the verifier by Vite. Run by the launcher and by `npm run build`. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const steps: readonly (readonly string[])[] = [
  ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.build.json'],
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
