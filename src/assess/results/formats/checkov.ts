import { z } from 'zod'
import { Collected, cut, projectPath, type ReadResults, refuseResults, severityWord } from '../result.ts'

const report = z.object({
  check_type: z.string().optional(),
  results: z
    .object({
      failed_checks: z
        .array(
          z.object({
            check_id: z.string(),
            bc_check_id: z.string().nullish(),
            check_name: z.string().nullish(),
            file_path: z.string().default(''),
            repo_file_path: z.string().nullish(),
            file_line_range: z.array(z.int()).nullish(),
            resource: z.string().default(''),
            severity: z.string().nullish(),
          }),
        )
        .default([]),
      skipped_checks: z.array(z.unknown()).default([]),
      passed_checks: z.array(z.unknown()).default([]),
    })
    .optional(),
  failed: z.number().optional(),
})

/** `checkov -o json`: one report, or a list with one a framework. @throws KanpekiError `results_invalid`. */
export function readCheckov(value: unknown, file: string): ReadResults {
  const parsed = z.union([z.array(report), report]).safeParse(value)
  if (!parsed.success)
    return refuseResults(
      file,
      'report of Checkov',
      `${parsed.error.issues[0]?.path.map(String).join('.')}: ${parsed.error.issues[0]?.message}`,
    )
  const collected = new Collected(file)
  for (const { check_type: type, results } of Array.isArray(parsed.data) ? parsed.data : [parsed.data]) {
    const kind = type === 'secrets' ? ('secret' as const) : ('config' as const)
    collected.kinds.add(kind)
    collected.leave('passed', results?.passed_checks.length ?? 0)
    collected.leave('suppressed in the tool', results?.skipped_checks.length ?? 0)
    for (const one of results?.failed_checks ?? []) {
      const path = projectPath(one.repo_file_path ?? one.file_path)
      const place = `${path}:${one.file_line_range?.[0] ?? 1}`
      collected.add({
        kind,
        id: one.check_id,
        aliases: kind === 'secret' ? ['secret'] : one.bc_check_id == null ? [] : [one.bc_check_id],
        cause: place,
        place,
        name: one.resource === '' ? path : one.resource,
        summary: cut(one.check_name ?? one.check_id, 1000),
        // Without an account the tool does not say.
        severity: severityWord(one.severity) ?? (kind === 'secret' ? 'high' : null),
      })
    }
  }
  return collected.done('checkov', 'Checkov')
}
