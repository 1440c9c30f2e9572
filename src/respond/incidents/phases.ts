import { GRADES, type Grade, PHASES, type Phase } from './schema.ts'

/** Whether an incident that is in this phase has been contained: everything after containment says so. */
export function isPastContainment(phase: Phase): boolean {
  return PHASES.indexOf(phase) > PHASES.indexOf('containment')
}

/** An alert is P1 to P5, an incident P1 to P4: what is only informational is opened as the least grave there is. */
export function gradeOf(severity: number): Grade {
  return GRADES.find((grade) => grade === severity) ?? 4
}
