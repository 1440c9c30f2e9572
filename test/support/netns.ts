import { execFileSync, spawnSync } from 'node:child_process'

const run = (program: string, ...args: string[]): void =>
  void execFileSync(program, args, { stdio: ['ignore', 'ignore', 'pipe'] })

/** Why network namespaces cannot be had here, or undefined. */
export function withoutNetns(): string | undefined {
  if (process.platform !== 'linux') return 'Linux'
  if (process.getuid?.() !== 0) return 'root'
  for (const [program, argument] of [
    ['ip', '-V'],
    ['nft', '-v'],
  ] as const)
    if (spawnSync(program, [argument]).status !== 0) return program
  const made = spawnSync('ip', ['netns', 'add', 'kanpeki-try'])
  spawnSync('ip', ['netns', 'delete', 'kanpeki-try'])
  return made.status === 0 ? undefined : 'network namespaces'
}

export interface NetHost {
  readonly name: string
  readonly address: string
  /** What is to be put before a command to run it there. */
  readonly inside: readonly string[]
  /** Pulls its cable, or plugs it in. */
  cable(plugged: boolean): void
  /** Whether a TCP connection from there comes about. */
  reaches(address: string, port: number): boolean
}

export interface Net {
  /** Of this side: where hosts reach what listens here. */
  readonly gateway: string
  readonly hosts: readonly NetHost[]
  remove(): void
}

/** So many hosts with addresses of their own, on one switch with this one. */
export function makeNet(count: number): Net {
  const id = `${process.pid % 10_000}`
  const bridge = `kb${id}`
  const prefix = `10.213.${process.pid % 250}`
  const gateway = `${prefix}.1`
  const remove = (): void => {
    for (let i = 0; i < count; i++) {
      // Connections that nobody closed keep a deleted namespace for minutes: its cable would vanish beside some later test, whose browser
      // then breaks off what it loads (ERR_NETWORK_CHANGED).
      spawnSync('ip', ['link', 'delete', `kv${id}-${i}`])
      spawnSync('ip', ['netns', 'delete', `kh${id}-${i}`])
    }
    spawnSync('ip', ['link', 'delete', bridge])
  }
  remove()
  run('ip', 'link', 'add', bridge, 'type', 'bridge')
  run('ip', 'address', 'add', `${gateway}/24`, 'dev', bridge)
  run('ip', 'link', 'set', bridge, 'up')
  const hosts = Array.from({ length: count }, (_, i): NetHost => {
    const name = `kh${id}-${i}`
    const cable = `kv${id}-${i}`
    const address = `${prefix}.${11 + i}`
    const inside = ['ip', 'netns', 'exec', name]
    run('ip', 'netns', 'add', name)
    run('ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', name)
    run('ip', 'link', 'set', cable, 'master', bridge, 'up')
    for (const command of [
      ['address', 'add', `${address}/24`, 'dev', 'eth0'],
      ['link', 'set', 'eth0', 'up'],
      ['link', 'set', 'lo', 'up'],
    ])
      run('ip', '-n', name, ...command)
    return {
      name,
      address,
      inside,
      cable: (plugged) => run('ip', 'link', 'set', cable, plugged ? 'up' : 'down'),
      reaches: (to, port) =>
        spawnSync('ip', ['netns', 'exec', name, 'timeout', '1', 'bash', '-c', `exec 3<>/dev/tcp/${to}/${port}`]).status === 0,
    }
  })
  return { gateway, hosts, remove }
}
