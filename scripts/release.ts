/**
 * Makes a release: `node scripts/release.ts --to DIR [--key PRIVATE.pem]` builds, packs by `npm pack`, and puts beside the
 * package its bill of materials, the provenance of both, and SHA256SUMS. Refuses sources that differ from the commit.
 */
import { execFileSync } from 'node:child_process'
import { createHash, createPrivateKey } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { checkTree } from './dependency-policy.ts'
import { presentBuild, signStatement, statementOf } from './provenance.ts'
import { ownBom } from './sbom.ts'

const { values } = parseArgs({
  options: { to: { type: 'string' }, key: { type: 'string' }, dirty: { type: 'boolean', default: false } },
})
if (values.to === undefined) {
  console.error('Usage: release.ts --to DIR [--key PRIVATE.pem] [--dirty]')
  process.exit(64)
}
const started = new Date()
const before = presentBuild(started, process.env)
if (before.dirty && !values.dirty) {
  console.error('release: sources differ from the commit; commit them, or say --dirty, which the provenance repeats')
  process.exit(1)
}
const { faults } = checkTree()
if (faults.length > 0) {
  for (const fault of faults) console.error(`release: ${fault}`)
  process.exit(1)
}

const to = resolve(values.to)
mkdirSync(to, { recursive: true })
// A package holds nothing of an earlier build.
rmSync('dist', { recursive: true, force: true })
execFileSync(process.execPath, ['scripts/build.ts'], { stdio: 'inherit' })
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-b', 'tsconfig.build.json'], { stdio: 'inherit' })
const packed = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', to], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
})
const answer = JSON.parse(packed) as readonly { filename: string }[] | Readonly<Record<string, { filename: string }>>
const [tarball] = Object.values(answer).map(({ filename }) => filename)
if (tarball === undefined) throw new Error('npm pack named no file')
const committed = execFileSync('git', ['log', '-1', '--format=%cI'], { encoding: 'utf8' }).trim()
const bill = tarball.replace(/\.tgz$/, '.cdx.json')
writeFileSync(join(to, bill), `${JSON.stringify(ownBom(new Date(committed).toISOString()), null, 2)}\n`)

const files = [tarball, bill].map((name) => ({ name, bytes: readFileSync(join(to, name)) }))
const statement = statementOf(files, presentBuild(started, process.env))
const signed = values.key === undefined ? statement : signStatement(statement, createPrivateKey(readFileSync(values.key)))
const provenance = tarball.replace(/\.tgz$/, values.key === undefined ? '.unsigned.intoto.json' : '.intoto.json')
writeFileSync(join(to, provenance), `${JSON.stringify(signed, null, 2)}\n`)
const all = [...files, { name: provenance, bytes: readFileSync(join(to, provenance)) }]
const sums = all.map(({ name, bytes }) => `${createHash('sha256').update(bytes).digest('hex')}  ${name}\n`)
writeFileSync(join(to, 'SHA256SUMS'), sums.join(''))
console.error(`release: ${all.map(({ name }) => name).join(', ')} in ${to}`)
