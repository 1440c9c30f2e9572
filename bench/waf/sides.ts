import { type ChildProcess, spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { ROOT } from '../../test/support/kanpeki.ts'

/** The core of the WAF under test; everything else has the other one. */
const WAF_CORE = '0'
export const OTHER_CORE = '1'

/** A running WAF, pinned to one core. */
export interface Side {
  readonly port: number
  /** The process that was started. */
  readonly main: number
  /** The process that does the work. */
  readonly pid: number
  readonly stop: () => Promise<void>
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as { port: number }
  await new Promise((closed) => server.close(closed))
  return port
}

const PAGE = '<!doctype html><title>Shop</title><p>A blue kettle with two cups.</p>'

/** The application: another nginx, on the other core, that answers everything with one small page. */
export async function startApplication(folder: string): Promise<Side> {
  const port = await freePort()
  const file = join(folder, 'application.conf')
  writeFileSync(
    file,
    `worker_processes 1; daemon off; error_log stderr crit; pid ${folder}/application.pid;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${folder}/ab; proxy_temp_path ${folder}/ap;
fastcgi_temp_path ${folder}/af; uwsgi_temp_path ${folder}/au; scgi_temp_path ${folder}/as;
server { listen 127.0.0.1:${port}; location / { default_type text/html; return 200 '${PAGE}'; } } }
`,
  )
  return await started(
    spawn('taskset', ['-c', OTHER_CORE, 'nginx', '-e', 'stderr', '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] }),
    port,
  )
}

/** nginx with ModSecurity 3, Debian's packages. `rules` is one file that includes all. */
export async function startModSecurity(folder: string, application: number, rules: string): Promise<Side> {
  const port = await freePort()
  const file = join(folder, 'modsecurity.conf')
  writeFileSync(
    file,
    `load_module /usr/lib/nginx/modules/ngx_http_modsecurity_module.so;
worker_processes 1; daemon off; error_log /dev/null crit; pid ${folder}/modsecurity.pid;
events { worker_connections 1024; }
http { access_log off; keepalive_requests 100000000; client_body_temp_path ${folder}/mb; proxy_temp_path ${folder}/mp;
client_body_buffer_size 64k;
fastcgi_temp_path ${folder}/mf; uwsgi_temp_path ${folder}/mu; scgi_temp_path ${folder}/ms;
upstream application { server 127.0.0.1:${application}; keepalive 64; keepalive_requests 100000000; }
server { listen 127.0.0.1:${port};
location / { modsecurity on; modsecurity_rules_file ${rules};
proxy_pass http://application; proxy_http_version 1.1; proxy_set_header Connection ''; proxy_set_header Host $host; } } }
`,
  )
  return await started(
    spawn('taskset', ['-c', WAF_CORE, 'nginx', '-e', 'stderr', '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] }),
    port,
  )
}

/** `kanpeki waf`, as built. */
export async function startKanpeki(application: number, rules: string): Promise<Side> {
  const port = await freePort()
  const waf = [process.execPath, '--disable-warning=ExperimentalWarning', join(ROOT, 'dist/cli/main.js'), 'waf']
  const options = [
    '--listen',
    `127.0.0.1:${port}`,
    '--upstream',
    `http://127.0.0.1:${application}`,
    '--rules',
    rules,
    '--mode',
    'block',
  ]
  return await started(spawn('taskset', ['-c', WAF_CORE, ...waf, ...options], { stdio: ['ignore', 'ignore', 'inherit'] }), port)
}

async function started(child: ChildProcess, port: number): Promise<Side> {
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  for (let tries = 0; ; tries += 1) {
    if (child.exitCode !== null || tries > 300) {
      child.kill('SIGTERM')
      throw new Error(`a side of the benchmark did not start: ${child.spawnargs.join(' ')}`)
    }
    const isUp = await fetch(`http://127.0.0.1:${port}/`, { headers: { 'user-agent': 'Mozilla/5.0', accept: '*/*' } }).then(
      (answer) => answer.ok,
      () => false,
    )
    if (isUp) break
    await pause(100)
  }
  return {
    port,
    main: child.pid!,
    pid: firstChild(child.pid!),
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

/** The one worker of a process that only watches over it. */
function firstChild(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return Number(children[0])
}
