/**
 * Turns WebAssembly text into a module: the part of the format that our own code uses. Written out as folded expressions, `$name` for
 * functions, parameters, locals, globals and labels; one memory; i32 and v128. So the text that people read is what runs, without a tool
 * or a binary beside it. Source: WebAssembly core specification 2.0, chapters 5 (binary) and 6 (text).
 */
export function assemble(text: string): Uint8Array<ArrayBuffer> {
  const [module] = parse(text)
  if (!Array.isArray(module) || module[0] !== 'module') throw new Error('there is no (module …)')
  const fields = module.slice(1).map((field) => listOf(field))
  const functions = fields.filter(([kind]) => kind === 'func').map(readFunction)
  const globals = fields.filter(([kind]) => kind === 'global').map(([, name]) => atomOf(name))
  const names = { functions: functions.map(({ name }) => name), globals }
  const pages = Number(atomOf(fields.find(([kind]) => kind === 'memory')?.at(-1)))
  const exported = functions.flatMap(({ exportName }, index) =>
    exportName === undefined ? [] : [[...string(exportName), 0, ...unsigned(index)]],
  )
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(
      1,
      functions.map(({ params, results }) => [0x60, ...vector(params.map(typeCode)), ...vector(results.map(typeCode))]),
    ),
    ...section(
      3,
      functions.map((_, index) => unsigned(index)),
    ),
    ...section(5, [[0x01, ...unsigned(pages), ...unsigned(pages)]]),
    ...section(
      6,
      globals.map(() => [I32, 0x01, 0x41, 0x00, END]),
    ),
    ...section(7, [[...string('memory'), 2, 0], ...exported]),
    ...section(
      10,
      functions.map((each) => sized(bodyOf(each, names))),
    ),
  ])
}

type Node = string | readonly Node[]

const I32 = 0x7f
const V128 = 0x7b
const END = 0x0b

function parse(text: string): Node[] {
  const tokens = text.replace(/;;.*$/gm, '').match(/"[^"]*"|[()]|[^\s()]+/g) ?? []
  let at = 0
  const list = (): Node[] => {
    const nodes: Node[] = []
    while (at < tokens.length && tokens[at] !== ')') {
      const token = tokens[at]!
      at += 1
      if (token === '(') {
        nodes.push(list())
        at += 1
      } else nodes.push(token)
    }
    return nodes
  }
  return list()
}

function listOf(node: Node | undefined): readonly Node[] {
  if (node === undefined || typeof node === 'string') throw new Error(`a list is expected, not ${String(node)}`)
  return node
}

function atomOf(node: Node | undefined): string {
  if (typeof node !== 'string') throw new Error(`a word is expected, not ${JSON.stringify(node)}`)
  return node
}

interface Func {
  readonly name: string
  readonly exportName: string | undefined
  readonly params: readonly string[]
  readonly results: readonly string[]
  /** Names of parameters and locals. */
  readonly variables: readonly string[]
  readonly locals: readonly string[]
  readonly body: readonly Node[]
}

function readFunction([, name, ...rest]: readonly Node[]): Func {
  const heads = rest.map((node) => (typeof node === 'string' ? '' : node[0]))
  const of = (kind: string) => rest.filter((_, index) => heads[index] === kind).map((node) => listOf(node))
  const exportName = of('export')[0]?.[1]
  return {
    name: atomOf(name),
    exportName: exportName === undefined ? undefined : atomOf(exportName).slice(1, -1),
    params: of('param').map(([, , type]) => atomOf(type)),
    results: of('result').map(([, type]) => atomOf(type)),
    variables: [...of('param'), ...of('local')].map(([, variable]) => atomOf(variable)),
    locals: of('local').map(([, , type]) => atomOf(type)),
    body: rest.filter((_, index) => !['export', 'param', 'result', 'local'].includes(String(heads[index]))),
  }
}

interface Names {
  readonly functions: readonly string[]
  readonly globals: readonly string[]
}

function bodyOf({ locals, variables, body }: Func, names: Names): number[] {
  const code: number[] = [...unsigned(locals.length), ...locals.flatMap((type) => [1, typeCode(type)])]
  const labels: string[] = []

  const emitAll = (nodes: readonly Node[]) => {
    for (const node of nodes) emit(listOf(node))
  }
  const label = (name: Node | undefined) => {
    const depth = labels.toReversed().indexOf(atomOf(name))
    if (depth < 0) throw new Error(`no block is called ${atomOf(name)}`)
    return unsigned(depth)
  }
  const emit = ([head, ...args]: readonly Node[]): void => {
    const operation = atomOf(head)
    switch (operation) {
      case 'block':
      case 'loop':
        code.push(operation === 'block' ? 0x02 : 0x03, 0x40)
        labels.push(atomOf(args[0]))
        emitAll(args.slice(1))
        labels.pop()
        code.push(END)
        return
      case 'if': {
        const [condition, then, otherwise] = args
        emit(listOf(condition))
        code.push(0x04, 0x40)
        labels.push('')
        emitAll(listOf(then).slice(1))
        if (otherwise !== undefined) {
          code.push(0x05)
          emitAll(listOf(otherwise).slice(1))
        }
        labels.pop()
        code.push(END)
        return
      }
      case 'br':
        code.push(0x0c, ...label(args[0]))
        return
      case 'br_if':
        emitAll(args.slice(1))
        code.push(0x0d, ...label(args[0]))
        return
      case 'call':
        emitAll(args.slice(1))
        code.push(0x10, ...place(names.functions, args[0]))
        return
      case 'i32.const':
        code.push(0x41, ...signed(Number(atomOf(args[0]))))
        return
    }
    const variable = VARIABLE[operation]
    if (variable !== undefined) {
      emitAll(args.slice(1))
      code.push(variable, ...place(operation.startsWith('local') ? variables : names.globals, args[0]))
      return
    }
    const access = ACCESS[operation]
    if (access !== undefined) {
      const offset = typeof args[0] === 'string' ? Number(args[0].slice('offset='.length)) : 0
      emitAll(args.filter((arg) => typeof arg !== 'string'))
      code.push(...access, ...unsigned(offset))
      return
    }
    const plain = PLAIN[operation]
    if (plain === undefined) throw new Error(`${operation} is not known`)
    emitAll(args)
    code.push(...plain)
  }

  emitAll(body)
  code.push(END)
  return code
}

const VARIABLE: Readonly<Record<string, number>> = {
  'local.get': 0x20,
  'local.set': 0x21,
  'local.tee': 0x22,
  'global.get': 0x23,
  'global.set': 0x24,
}

/** With the alignment that is promised: none. */
const ACCESS: Readonly<Record<string, readonly number[]>> = {
  'i32.load': [0x28, 0],
  'i32.load8_u': [0x2d, 0],
  'i32.store': [0x36, 0],
  'i32.store8': [0x3a, 0],
  'v128.load': [0xfd, 0x00, 0],
}

const PLAIN: Readonly<Record<string, readonly number[]>> = {
  return: [0x0f],
  'i32.eqz': [0x45],
  'i32.eq': [0x46],
  'i32.ne': [0x47],
  'i32.lt_s': [0x48],
  'i32.lt_u': [0x49],
  'i32.gt_s': [0x4a],
  'i32.gt_u': [0x4b],
  'i32.le_u': [0x4d],
  'i32.ge_s': [0x4e],
  'i32.ge_u': [0x4f],
  'i32.ctz': [0x68],
  'i32.add': [0x6a],
  'i32.sub': [0x6b],
  'i32.mul': [0x6c],
  'i32.and': [0x71],
  'i32.or': [0x72],
  'i32.xor': [0x73],
  'i32.shl': [0x74],
  'i32.shr_u': [0x76],
  'i8x16.splat': [0xfd, 0x0f],
  'i8x16.eq': [0xfd, 0x23],
  'i8x16.lt_s': [0xfd, 0x25],
  'i8x16.lt_u': [0xfd, 0x26],
  'i8x16.sub': [0xfd, 0x71],
  'v128.and': [0xfd, 0x4e],
  'v128.or': [0xfd, 0x50],
  'i8x16.bitmask': [0xfd, 0x64],
}

function typeCode(type: string): number {
  return type === 'v128' ? V128 : I32
}

function place(names: readonly string[], name: Node | undefined): number[] {
  const index = names.indexOf(atomOf(name))
  if (index < 0) throw new Error(`${atomOf(name)} is not known`)
  return unsigned(index)
}

function section(id: number, items: readonly (readonly number[])[]): number[] {
  return [id, ...sized([...unsigned(items.length), ...items.flat()])]
}

function vector(codes: readonly number[]): number[] {
  return [...unsigned(codes.length), ...codes]
}

function sized(bytes: readonly number[]): number[] {
  return [...unsigned(bytes.length), ...bytes]
}

function string(text: string): number[] {
  return sized([...Buffer.from(text)])
}

function unsigned(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value; ; rest >>>= 7) {
    if (rest < 128) return [...bytes, rest]
    bytes.push((rest & 127) | 128)
  }
}

function signed(value: number): number[] {
  const bytes: number[] = []
  for (let rest = value | 0; ; rest >>= 7) {
    const low = rest & 127
    if ((rest >> 7 === 0 && (low & 64) === 0) || (rest >> 7 === -1 && (low & 64) !== 0)) return [...bytes, low]
    bytes.push(low | 128)
  }
}
