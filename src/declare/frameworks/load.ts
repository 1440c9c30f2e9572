import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { load } from 'js-yaml'
import type { z } from 'zod'
import { KanpekiError } from '../../kernel/error.ts'
import { type Framework, framework, type Ground, groundsFile } from './schema.ts'

const GROUNDS = 'grounds.yml'

export interface Frameworks {
  readonly grounds: ReadonlyMap<string, Ground>
  readonly frameworks: readonly Framework[]
}

/**
 * Reads the frameworks that ship with Kanpeki.
 * @throws KanpekiError `framework_invalid` by file: a control that rests on nothing that is known, or a number given twice.
 */
export async function loadFrameworks(folder: string): Promise<Frameworks> {
  const { grounds: list } = await read(join(folder, GROUNDS), groundsFile)
  const grounds = new Map(list.map((one) => [one.id, one]))
  const names = (await readdir(folder)).filter((name) => name.endsWith('.yml') && name !== GROUNDS).sort()
  const frameworks = await Promise.all(names.map((name) => read(join(folder, name), framework)))
  for (const [at, one] of frameworks.entries()) {
    const seen = new Set<string>()
    for (const { id, by = [] } of one.groups.flatMap(({ controls }) => controls)) {
      const stray = by.find((name) => !grounds.has(name))
      if (stray !== undefined) throw invalid(join(folder, names[at]!), `${id} rests on ${stray}, which ${GROUNDS} does not have`)
      if (seen.has(id)) throw invalid(join(folder, names[at]!), `${id} is there twice`)
      seen.add(id)
    }
  }
  return { grounds, frameworks }
}

async function read<S extends z.ZodType>(file: string, schema: S): Promise<z.infer<S>> {
  const parsed = schema.safeParse(load(await readFile(file, 'utf8')))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw invalid(file, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not a framework'}`)
}

function invalid(file: string, message: string): KanpekiError {
  return new KanpekiError('framework_invalid', message, { place: { file }, remedy: 'Restore the file from the release.' })
}
