/** Reads the texts that ship once for all starts, into dist/prepared/: see src/platform/prepared.ts. Part of the build. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { preparedContent } from './prepared-content.ts'

mkdirSync('dist/prepared', { recursive: true })
for (const [kind, texts] of Object.entries(preparedContent())) writeFileSync(`dist/prepared/${kind}.json`, JSON.stringify(texts))
