/** The sender's `_id` names an event within its index and scope: another team's cannot shadow it. */
export function clientId(scope: string, index: string, id: string): string {
  return `${scope}/${index}/${id}`
}
