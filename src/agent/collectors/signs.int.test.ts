import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { openHostEngine } from '../../detect/host-rules.ts'
import { loadRuleSet } from '../../detect/rule-set.ts'
import { getPath, type JsonObject } from '../../kernel/json.ts'
import type { Collector } from '../collector.ts'
import { isArchive, logCollector } from './logs.ts'
import { privilegedCollector } from './privileged.ts'
import { processCollector } from './processes.ts'
import { ransomwareCollector } from './ransomware.ts'
import { createStorms, endingOf, FROM_RENAMES, isNoise, LEAST_SAMPLE, WINDOW_MS } from './ransomware-signs.ts'
import { callsIn, languageOf, webRootCollector } from './web-roots.ts'

const engine = openHostEngine(loadRuleSet([join(import.meta.dirname, '../../../content/detections')]).forHosts())
const titles = (event: JsonObject): string[] =>
  engine.match({ ...event, host: { name: 'h', os: { type: 'linux' } } }).map(({ info }) => info.title)

const folders: string[] = []
const stops: AbortController[] = []
const children: ChildProcess[] = []
const running: Promise<void>[] = []
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
  for (const stop of stops.splice(0)) stop.abort()
  await Promise.all(running.splice(0))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'kanpeki-signs-'))
  folders.push(folder)
  return folder
}

/** Runs a collector, and waits for an event that rules of the pack find something in, or for any where `rule` is undefined. */
function watching(collector: Collector) {
  const events: JsonObject[] = []
  const counters = new Map<string, number>()
  const stop = new AbortController()
  const kept = temporary()
  stops.push(stop)
  running.push(
    collector.run({
      emit: (event) => {
        events.push(event)
        return true
      },
      room: async () => {},
      count: (name, by = 1) => void counters.set(name, (counters.get(name) ?? 0) + by),
      signal: stop.signal,
      folder: kept,
      warn: () => {},
    }),
  )
  const found = async (what: string, check: (event: JsonObject) => boolean): Promise<JsonObject> => {
    for (const until = performance.now() + 15_000; performance.now() < until; await sleep(20)) {
      const event = events.find(check)
      if (event !== undefined) return event
    }
    throw new Error(`no event of ${what} among ${JSON.stringify(events).slice(0, 3_000)}`)
  }
  return { events, counters, kept, found, byRule: (title: string) => found(title, (event) => titles(event).includes(title)) }
}
const until = async (check: () => boolean): Promise<void> => {
  for (let tries = 0; !check(); tries++) {
    if (tries > 500) throw new Error('waited in vain')
    await sleep(20)
  }
}
/** A file that the collector sees proves that it began to watch. */
const begun = async (folder: string, seen: () => boolean): Promise<void> => {
  for (let tries = 0; !seen(); tries++) {
    if (tries > 200) throw new Error('the collector does not begin')
    writeFileSync(join(folder, `probe-${tries}.php`), '<?php exit;')
    await sleep(50)
  }
}
const action = (word: string) => (event: JsonObject) => getPath(event, 'event.action') === word
const processes = () => processCollector({ root: '/proc', passwd: '/etc/passwd', pollMs: 1_000, host: 'h' })

describe('processes', () => {
  it('tells of a shell whose input is a connection, and of none whose is not', async () => {
    const server = createServer((socket) => socket.on('error', () => {}))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    const { byRule, events, found } = watching(processes())
    await until(() => events.length > 0)
    children.push(spawn('bash', ['-c', `exec bash -c 'read line; sleep 1' >/dev/tcp/127.0.0.1/${port} 0>&1 2>&1`]))
    const shell = await byRule('Shell whose input is a network connection')
    expect(shell).toMatchObject({ destination: { ip: '127.0.0.1', port }, process: { name: 'bash' } })
    const plain = spawn('bash', ['-c', 'read line; sleep 7'], { stdio: ['pipe', 'ignore', 'ignore'] })
    children.push(plain)
    const other = await found('a plain shell', (event) => getPath(event, 'process.pid') === plain.pid)
    expect(titles(other)).not.toContain('Shell whose input is a network connection')
    server.close()
  })

  it('tells of a program that deletes its own file, and not of one that was replaced', async () => {
    const folder = temporary()
    const { events, found } = watching(processes())
    await until(() => events.length > 0)
    for (const name of ['gone', 'replaced']) {
      copyFileSync('/bin/sleep', join(folder, name))
      chmodSync(join(folder, name), 0o755)
      children.push(spawn(join(folder, name), ['30']))
    }
    await found('its start', (event) => getPath(event, 'process.name') === 'gone')
    rmSync(join(folder, 'gone'))
    copyFileSync('/bin/sleep', join(folder, 'new'))
    renameSync(join(folder, 'new'), join(folder, 'replaced'))
    const gone = await found('a deleted program', (event) => {
      return getPath(event, 'process.name') === 'gone' && action('process-changed')(event)
    })
    expect(titles(gone)).toContain('Running program whose file was deleted')
    const other = await found('the other', (event) => {
      return getPath(event, 'process.name') === 'replaced' && action('process-changed')(event)
    })
    expect(other).toMatchObject({ kanpeki_agent: { process: { deleted_executable: true, file_gone: false } } })
    expect(titles(other)).not.toContain('Running program whose file was deleted')
  })
})

describe('files', () => {
  it('tells of a program that is given the right to run as its owner', async () => {
    const folder = temporary()
    const watcher = privilegedCollector({ folders: [folder], everyMs: 60_000, passwd: '/etc/passwd' })
    const { byRule, counters, kept } = watching(watcher)
    await until(() => existsSync(join(kept, 'privileged.json')))
    copyFileSync('/bin/true', join(folder, 'b'))
    chmodSync(join(folder, 'b'), 0o4755)
    expect(await byRule('Program given the right to run as its owner')).toMatchObject({ file: { mode: '4755' } })
    expect(counters.get('privileged.watchFailed')).toBeUndefined()
  })

  it('tells of a web shell by what it calls, and of no more of a page than that', async () => {
    const root = temporary()
    mkdirSync(join(root, 'uploads'))
    writeFileSync(join(root, 'old.php'), "<?php system($_GET['c']);")
    const { byRule, events, found } = watching(webRootCollector([root], '/etc/passwd'))
    await begun(root, () => events.length > 0)
    writeFileSync(join(root, 'shell.php'), '<?php @eval(base64_decode($_POST["x"])); ?>')
    expect(await byRule('Web shell in a web root')).toMatchObject({ file: { name: 'shell.php' } })
    writeFileSync(
      join(root, 'config.php'),
      '<?php $password = "hunter2"; include("a.php"); mysqli_connect("db", "x", $password);',
    )
    const page = await found('a page', (event) => getPath(event, 'file.name') === 'config.php')
    expect(titles(page)).toEqual([])
    expect(JSON.stringify(page)).not.toContain('hunter2')
    mkdirSync(join(root, 'uploads', 'deep', 'er'), { recursive: true })
    writeFileSync(join(root, 'uploads', 'deep', 'er', 'picture.jpg'), 'GIF89a <?php $_GET["f"]($_GET["a"]);')
    expect(await byRule('Script appeared in an upload or media folder of a site')).toMatchObject({
      file: { name: 'picture.jpg' },
      kanpeki_agent: { web_script: { language: 'php' } },
    })
    expect(events.filter((event) => getPath(event, 'file.name') === 'old.php')).toEqual([])
  })

  it('tells of logs that lose what they held, and not of rotation', async () => {
    const folder = temporary()
    const log = (name: string): string => join(folder, name)
    for (const name of ['auth.log', 'app.log', 'copied.log', 'kern.log', 'old.log.7.gz'])
      writeFileSync(log(name), `${name}\n`.repeat(100))
    const { events, counters } = watching(logCollector([folder]))
    for (let tries = 0; events.length === 0; tries++) {
      writeFileSync(log(`probe-${tries}`), 'x')
      await sleep(350)
      truncateSync(log(`probe-${tries}`), 0)
    }
    truncateSync(log('auth.log'), 0)
    await until(() => events.some((event) => getPath(event, 'file.name') === 'auth.log'))
    renameSync(log('app.log'), log('app.log.1'))
    writeFileSync(log('app.log'), '')
    copyFileSync(log('copied.log'), log('copied.log.1'))
    truncateSync(log('copied.log'), 0)
    await until(() => (counters.get('logs.rotated') ?? 0) >= 2)
    rmSync(log('old.log.7.gz'))
    rmSync(log('kern.log'))
    await until(() => events.filter(action('log-removed')).length >= 2)
    const names = events.filter((event) => titles(event).length > 0).map((event) => String(getPath(event, 'file.name')))
    expect(names.filter((name) => !name.startsWith('probe-'))).toEqual(['auth.log', 'kern.log'])
  })

  it('tells of encryption by its canaries, by noise, by endings, with the process that does it', async () => {
    const folder = temporary()
    const text = readFileSync(import.meta.filename, 'utf8')
    for (let i = 0; i < 30; i++) writeFileSync(join(folder, `plan-${i}.txt`), text)
    const { byRule, events } = watching(ransomwareCollector({ folders: [folder], canaries: true, root: '/proc' }))
    await until(() => readdirSync(folder).some((name) => name.startsWith('~_')))
    await sleep(100)
    const script = `
      const fs = require('node:fs'), c = require('node:crypto')
      for (const name of fs.readdirSync('.').sort()) {
        const fd = fs.openSync(name, 'r+')
        fs.writeSync(fd, c.randomBytes(20000), 0, 20000, 0)
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30)
        fs.closeSync(fd)
        fs.renameSync(name, name + '.locked')
      }
      setInterval(() => {}, 1000)`
    const child = spawn(process.execPath, ['-e', script], { cwd: folder })
    children.push(child)
    for (const rule of ['Canary file changed or removed', 'Many files overwritten with noise', 'Many files given one new ending'])
      await byRule(rule)
    const writers = events.map((event) => getPath(event, 'process.pid')).filter((pid) => pid !== undefined)
    expect(new Set(writers)).toEqual(new Set([child.pid]))
  })

  it('takes its canaries away again, and leaves what is not its own', async () => {
    const folder = temporary()
    const mine = '!_accounts-overview.xlsx'
    writeFileSync(join(folder, mine), 'mine')
    const kept = temporary()
    const run = async (folders: readonly string[], check: () => boolean): Promise<void> => {
      const stop = new AbortController()
      const context = {
        emit: () => true,
        room: async () => {},
        count: () => {},
        warn: () => {},
        folder: kept,
        signal: stop.signal,
      }
      const ended = ransomwareCollector({ folders, canaries: true, root: '/proc' }).run(context)
      await until(check)
      stop.abort()
      await ended
    }
    await run([folder], () => existsSync(join(kept, 'canaries.json')))
    expect(readdirSync(folder)).toHaveLength(3)
    await run([], () => readdirSync(folder).length === 1)
    expect(readFileSync(join(folder, mine), 'utf8')).toBe('mine')
  })
})

describe('what is a sign', () => {
  it('tells noise from text, code and formats that look like it', () => {
    const text = readFileSync(import.meta.filename)
    const cases: readonly (readonly [string, Uint8Array, boolean])[] = [
      ['text', text, false],
      ['a program', readFileSync(process.execPath).subarray(0, 16_384), false],
      ['an archive', gzipSync(randomBytes(8_000)), false],
      ['base64', Buffer.from(randomBytes(12_000).toString('base64')), false],
      ['too little', randomBytes(LEAST_SAMPLE - 1), false],
      ['zeros', new Uint8Array(9_000), false],
      ['ciphertext', randomBytes(16_384), true],
      ['a little ciphertext', randomBytes(LEAST_SAMPLE), true],
    ]
    for (const [name, bytes, expected] of cases) expect(isNoise(bytes), name).toBe(expected)
    let wrong = 0
    for (let i = 0; i < 300; i++) if (!isNoise(Buffer.concat([Buffer.from([0]), randomBytes(2_047 + i * 10)]))) wrong += 1
    console.log(`${cases.length} kinds of content; of 300 ciphertexts ${wrong} not told`)
    expect(wrong).toBeLessThanOrEqual(3)
  })

  it('counts a storm of renames whatever their order, once, and never what is too slow', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 40 }),
        fc.boolean(),
        fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
        (files, slow, order) => {
          const storms = createStorms()
          const told: unknown[] = []
          for (let i = 0; i < files; i++) {
            const now = i * (slow ? WINDOW_MS : 100)
            const went = (): void => storms.went(`/a/${i}.doc`, now)
            const came = (): void => storms.appeared(`/a/${i}.doc.x7`, now)
            for (const step of order[i] === true ? [went, came] : [came, went]) step()
            told.push(...storms.look(now))
          }
          expect(told.length).toBe(!slow && files >= FROM_RENAMES ? 1 : 0)
        },
      ),
    )
    expect(endingOf('/a/plan.docx', '/a/plan.docx.locked')).toBe('.locked')
    expect(endingOf('/a/plan.docx', '/a/plan.enc')).toBe('.enc')
    expect(endingOf('/a/plan.docx', '/a/other.docx')).toBeUndefined()
  })

  it('knows scripts by name or beginning, the calls in them, and rotated copies', () => {
    expect(languageOf('/w/a.PHTML', '')).toBe('php')
    expect(languageOf('/w/a.jpg', 'ÿØÿà <?php phpinfo();')).toBe('php')
    expect(languageOf('/w/a', '#!/usr/bin/perl\n')).toBe('script')
    expect(languageOf('/w/a.html', '<!doctype html><p>php')).toBeUndefined()
    expect(callsIn('<?php $a = 1; system($_GET["c"]); `id $_GET[x]`; echo "eval";')).toEqual([
      'system($_GET["c"])',
      '`id $_GET[x]`',
      'eval"',
    ])
    expect(callsIn('system(1);'.repeat(1_000)).length).toBe(40)
    const names = ['syslog.1', 'syslog.7.gz', 'auth.log-20261101', 'app.log.old', `system@${'0'.repeat(32)}-1-2.journal`]
    expect(names.filter((name) => !isArchive(name))).toEqual([])
    expect(['auth.log', 'wtmp', 'syslog', 'system.journal', 'access.log'].filter(isArchive)).toEqual([])
  })
})
