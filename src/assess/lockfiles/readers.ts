import { cargo } from './cargo.ts'
import { bun, conan, mix, pub, swift } from './further.ts'
import { go } from './go.ts'
import { gradle, maven } from './java.ts'
import type { LockReader } from './lockfile.ts'
import { npm } from './npm.ts'
import { composer, gem, nuget } from './other.ts'
import { pnpm } from './pnpm.ts'
import { pdm, pip, pipenv, poetry, pylock, uv } from './python.ts'
import { yarn } from './yarn.ts'

/** Every kind of lock file that is read. */
export const LOCK_READERS: readonly LockReader[] = [
  npm,
  pnpm,
  yarn,
  pip,
  pipenv,
  poetry,
  uv,
  pdm,
  go,
  cargo,
  maven,
  gradle,
  composer,
  gem,
  nuget,
  bun,
  pylock,
  pub,
  mix,
  swift,
  conan,
]
