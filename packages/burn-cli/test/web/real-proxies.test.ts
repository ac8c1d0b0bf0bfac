import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import net, { type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import type { Page } from 'playwright-core'
import { Browser, heading, readText, reveal } from './browser.ts'
import { makeCertificate } from './certificate.ts'
import { WebWorld, type AddedMessage } from './web-world.ts'

/** The name in the examples of docs/web-page.md. */
const NAME = 'burn.example.org'
const document = readFileSync(path.resolve(import.meta.dirname, '../../../../docs/web-page.md'), 'utf8')

interface Proxy {
  readonly program: string
  /** The example's first line in the document. */
  readonly begins: string
  readonly argv: (config: string) => string[]
  /** The whole configuration. The example is in it as it stands but for what differs from one machine to the next. */
  readonly config: (example: string, here: { readonly dir: string, readonly port: number, readonly cert: string, readonly key: string }) => string
}

const proxies: readonly Proxy[] = [{
  program: 'nginx',
  begins: 'server {',
  argv: config => ['-c', config, '-e', 'stderr'],
  config: (example, { dir, port, cert, key }) => `
    daemon off; master_process off; pid ${dir}/nginx.pid; error_log stderr;
    events {}
    http {
      access_log off;
      client_body_temp_path ${dir}/body; proxy_temp_path ${dir}/proxy; fastcgi_temp_path ${dir}/f; uwsgi_temp_path ${dir}/u; scgi_temp_path ${dir}/s;
      ${swap(swap(swap(example, 'listen 443 ssl', `listen 127.0.0.1:${port} ssl`), '/etc/ssl/burn.example.org.pem', cert), '/etc/ssl/burn.example.org.key', key)}
    }`,
}, {
  program: 'caddy',
  begins: `${NAME} {`,
  argv: config => ['run', '--adapter', 'caddyfile', '--config', config],
  config: (example, { port, cert, key }) => `
    {
      admin off
      auto_https off
    }
    ${swap(example, `${NAME} {`, `https://${NAME}:${port} {\n bind 127.0.0.1\n tls ${cert} ${key}`)}`,
}]

function swap (text: string, from: string, to: string): string {
  if (text.split(from).length !== 2) throw new Error(`the example does not say '${from}' once`)
  return text.replace(from, to)
}

/** The indented block of the document that begins with a line. */
function exampleOf (begins: string): string {
  const lines = document.split('\n')
  const start = lines.indexOf(`    ${begins}`)
  if (start === -1) throw new Error(`docs/web-page.md has no example '${begins}'`)
  return lines.slice(start, lines.indexOf('    }', start) + 1).join('\n')
}

describe.each(proxies)('behind $program, set up as docs/web-page.md shows', ({ program, begins, argv, config }) => {
  const test = testWithProgram('chromium', 'openssl', program)
  let world: WebWorld
  let browser: Browser
  let dir: string
  beforeAll(async () => {
    dir = mkdtempSync(path.join(tmpdir(), 'burn-proxy-'))
    world = await WebWorld.start()
    await world.down()
    world.names = [NAME]
    await world.up()
    browser = await Browser.start({ args: [`--host-resolver-rules=MAP ${NAME} 127.0.0.1`], ignoreHTTPSErrors: true })
  })
  afterAll(async () => {
    expect(browser?.complaints ?? []).toEqual([])
    await browser?.end()
    await world?.end()
    rmSync(dir, { recursive: true, force: true })
  })

  test('a message is fetched, revealed and gone, a large one too', async () => {
    const port = await freePort()
    const file = path.join(dir, 'config')
    const example = swap(exampleOf(begins), '127.0.0.1:4180', `127.0.0.1:${world.wire.port}`)
    writeFileSync(file, config(example, { dir, port, ...makeCertificate(dir, NAME) }))
    const proxy = spawn(program, argv(file), { stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'], HOME: dir, XDG_DATA_HOME: dir, XDG_CONFIG_HOME: dir } })
    const ended = new Promise(resolve => proxy.once('close', resolve))
    try {
      await listening(proxy, port)
      const open = async (message: AddedMessage): Promise<Page> => {
        const page = await browser.page()
        await page.goto(`https://${NAME}:${port}/burn/#${message.link.split('#')[1]!}`)
        await heading(page, 'A message is waiting for you')
        return page
      }
      const short = await world.add('behind a proxy')
      const page = await open(short)
      await reveal(page)
      expect(await readText(page)).toBe('behind a proxy')
      await page.getByText('has destroyed its half of the key').waitFor()
      expect(world.state(short)).toBe('read')

      const content = randomBytes(3_000_000)
      const long = await world.add(content, { name: 'long.bin' })
      const second = await open(long)
      await reveal(second)
      const [saved] = await Promise.all([second.waitForEvent('download'), second.getByRole('button', { name: 'Save the file' }).click()])
      expect(readFileSync(await saved.path()).equals(content)).toBe(true)
      await second.getByText('has destroyed its half of the key').waitFor()
      expect(world.state(long)).toBe('read')
    } finally {
      proxy.kill('SIGTERM')
      await ended
    }
  })
})

async function freePort (): Promise<number> {
  const server = net.createServer()
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => { server.close(resolve) })
  return port
}

/** Until the proxy takes connections. @throws with what it said when it ends before */
async function listening (proxy: ChildProcess, port: number): Promise<void> {
  let said = ''
  proxy.stderr!.on('data', chunk => { said += String(chunk) })
  for (;;) {
    const open = await new Promise<boolean>(resolve => {
      const socket = net.connect({ host: '127.0.0.1', port }, () => { socket.destroy(); resolve(true) }).once('error', () => { resolve(false) })
    })
    if (open) return
    if (proxy.exitCode !== null) throw new Error(`it ended: ${said}`)
    await new Promise(resolve => { setTimeout(resolve, 50) })
  }
}
