import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Refusal } from '../../../../kernel/detection.ts'
import { KanpekiError } from '../../../../kernel/error.ts'
import { checkRegex } from '../../../../platform/regex/check.ts'
import { readDocuments, type YamlDocument } from '../load/documents.ts'
import { listRuleFiles, readTexts } from '../load/read-files.ts'
import { joinPipelines, type Pipelines } from './pipelines.ts'
import { patternTest } from './recognise.ts'
import { type JsonShapeFile, type PipelineFile, pipelineFile } from './schema.ts'

/** Our own pipelines, seen from `src` and from `dist`. */
const OWN = fileURLToPath(new URL('../../../../../content/pipelines', import.meta.url))

let own: Pipelines | undefined

/** The pipelines that ship, read once. Throws `pipeline-invalid`: a fault in them is ours. */
export function ownPipelines(): Pipelines {
  if (own === undefined) {
    const { files, refused } = readFiles([OWN])
    const [first] = refused
    if (first !== undefined)
      throw new KanpekiError('pipeline-invalid', first.reason, { place: { file: first.file, line: first.line } })
    own = joinPipelines(files)
  }
  return own
}

/**
 * Our own pipelines and, above them, those under the given files and folders; a folder that does not exist holds none.
 * A document that is not understood is refused by file, line and reason, and the others count.
 */
export function readPipelines(paths: readonly string[]): { readonly pipelines: Pipelines; readonly refused: readonly Refusal[] } {
  const there = paths.filter((path) => existsSync(path))
  if (there.length === 0) return { pipelines: ownPipelines(), refused: [] }
  const { files, refused } = readFiles(there)
  return { pipelines: joinPipelines([...readFiles([OWN]).files, ...files]), refused }
}

function readFiles(paths: readonly string[]): { files: PipelineFile[]; refused: Refusal[] } {
  const files: PipelineFile[] = []
  const refused: Refusal[] = []
  for (const { file, text } of readTexts(listRuleFiles(paths), refused)) {
    const { documents, faults } = readDocuments(text)
    for (const { line, reason } of faults) refused.push({ file, line, code: 'yaml', reason: `not valid YAML: ${reason}` })
    for (const document of documents) {
      const found = readDocument(document)
      if ('reason' in found) refused.push({ file, code: 'pipeline-invalid', ...found })
      else files.push(found)
    }
  }
  return { files, refused }
}

function readDocument(document: YamlDocument): PipelineFile | { readonly line: number; readonly reason: string } {
  const parsed = pipelineFile.safeParse(document.value)
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!
    const path = issue.path.filter((step) => typeof step !== 'symbol')
    return { line: document.lineOf(path), reason: [path.join('.'), issue.message].filter((part) => part !== '').join(': ') }
  }
  const fault = parsed.data.kind === 'json' ? patternFault(parsed.data) : undefined
  return fault === undefined ? parsed.data : { line: document.lineOf(['when']), reason: fault }
}

/** Why a pattern by which events are recognised cannot be run. */
function patternFault({ when, classes }: JsonShapeFile): string | undefined {
  for (const alternative of [...(when ?? []), ...(classes ?? []).flatMap((each) => each.when)]) {
    for (const test of Object.values(alternative)) {
      if (typeof test !== 'object' || !('matches' in test)) continue
      const fault = checkRegex(patternTest(test.matches))
      if (fault !== undefined) return fault.reason
    }
  }
  return undefined
}
