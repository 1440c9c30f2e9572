import { KanpekiError } from '../../kernel/error.ts'

export interface XmlNode {
  readonly name: string
  readonly attributes: [string, string][]
  /** Elements, and texts between them. */
  readonly children: (XmlNode | string)[]
}

interface PathStep {
  /** `//`: at any depth below. */
  readonly deep: boolean
  readonly kind: 'element' | 'attribute' | 'text'
  /** `*` for any. A prefix is compared as it is written; without one, the local name counts. */
  readonly name: string
}

/**
 * Compiles the part of XPath 1.0 that rules use: `/a/b`, `//b`, `*`, `@name`, `text()`. An element gives all the text
 * below it, in one piece. Throws `KanpekiError` on anything else.
 */
export function compilePath(path: string): (root: XmlNode) => readonly string[] {
  const steps = parseSteps(path)
  return (root) => {
    let nodes: XmlNode[] = [root]
    for (const [index, step] of steps.entries()) {
      const from = step.deep ? nodes.flatMap(withDescendants) : nodes
      if (step.kind === 'attribute') {
        return from.flatMap((node) => node.attributes.filter(([name]) => fits(step.name, name)).map(([, value]) => value))
      }
      if (step.kind === 'text') return from.flatMap((node) => node.children.filter((child) => typeof child === 'string'))
      nodes = from.flatMap((node) =>
        node.children.filter((child) => typeof child !== 'string' && fits(step.name, child.name)),
      ) as XmlNode[]
      if (index === steps.length - 1) return nodes.map(textOf)
    }
    return []
  }
}

function parseSteps(path: string): PathStep[] {
  const steps: PathStep[] = []
  const pattern = /(\/\/?)(?:(text\(\))|(@)?(\*|[A-Za-z_][\w.-]*(?::[A-Za-z_*][\w.-]*)?))/y
  let at = 0
  while (at < path.length) {
    pattern.lastIndex = at
    const match = pattern.exec(path)
    const last = steps.at(-1)
    if (match === null || (last !== undefined && last.kind !== 'element')) break
    const kind = match[2] !== undefined ? 'text' : match[3] !== undefined ? 'attribute' : 'element'
    steps.push({ deep: match[1] === '//', kind, name: match[4] ?? '' })
    at = pattern.lastIndex
  }
  if (at < path.length || steps.length === 0) {
    throw new KanpekiError('xml-path', `the path XML:${path.slice(0, 80)} is not understood`, {
      remedy: 'Paths may have /, //, names, *, @name and text().',
    })
  }
  return steps
}

function fits(wanted: string, name: string): boolean {
  if (wanted === '*' || wanted === name) return true
  const colon = name.indexOf(':')
  return colon >= 0 && !wanted.includes(':') && name.slice(colon + 1) === wanted
}

function withDescendants(node: XmlNode): XmlNode[] {
  const found: XmlNode[] = [node]
  for (let index = 0; index < found.length; index++) {
    for (const child of found[index]!.children) if (typeof child !== 'string') found.push(child)
  }
  return found
}

function textOf(node: XmlNode): string {
  let text = ''
  for (const child of node.children) text += typeof child === 'string' ? child : textOf(child)
  return text
}
