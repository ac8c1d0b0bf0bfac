import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { makeCertificate } from './certificate.ts'
import { Browser, heading, readText, reveal } from './browser.ts'
import { WebWorld } from './web-world.ts'

const NAME = 'burn.example'
const test = testWithProgram('chromium', 'openssl')
let world: WebWorld
let browser: Browser

beforeAll(async () => {
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
})

const under = (base: string, link: string): string => `${base}/burn/#${link.split('#')[1]!}`

test('on plain http in a network, where a browser has no WebCrypto and no clipboard, it works and says what that means', async () => {
  const message = await world.add('plain', { passphrase: 'correct horse' })
  const page = await browser.page()
  await page.goto(under(`http://${NAME}:${world.wire.port}`, message.link))
  await heading(page, 'A message is waiting for you')
  expect(await page.evaluate('isSecureContext || crypto.subtle !== undefined')).toBe(false)
  await page.getByText('This page came over plain http: somebody on the network between you and the sender could have altered it.').waitFor()
  await page.getByLabel('Passphrase', { exact: true }).fill('correct horse')
  await reveal(page)
  expect(await readText(page)).toBe('plain')
  await page.getByRole('button', { name: 'Copy' }).click()
  await page.getByRole('status').filter({ hasText: 'Copied' }).waitFor()
  await page.close()
})

test('behind a proxy that ends TLS and hands the Host on, as docs/web-page.md says, it works the same', async () => {
  const message = await world.add('secure')
  const proxy = await tlsProxy(world.wire.port)
  try {
    const page = await browser.page()
    await page.goto(under(`https://${NAME}:${proxy.port}`, message.link))
    await heading(page, 'A message is waiting for you')
    expect(await page.evaluate('isSecureContext')).toBe(true)
    expect(await page.getByText('plain http').isVisible()).toBe(false)
    await reveal(page)
    expect(await readText(page)).toBe('secure')
    await page.getByText('has destroyed its half of the key').waitFor()
    expect(world.state(message)).toBe('read')
    await page.close()
  } finally {
    await proxy.end()
  }
})

test('behind a proxy whose node is away, the page waits as it does for the node itself', async () => {
  const proxy = await tlsProxy(world.wire.port)
  const message = await world.add('later')
  try {
    const page = await browser.page()
    await page.goto(under(`https://${NAME}:${proxy.port}`, message.link))
    await heading(page, 'A message is waiting for you')
    await world.down()
    await reveal(page)
    await heading(page, 'Waiting for the sender')
    await world.up()
    await page.getByRole('button', { name: 'Try now' }).click()
    expect(await readText(page)).toBe('later')
    await page.close()
  } finally {
    await proxy.end()
  }
})

/** What a reverse proxy does: TLS outside, plain http inside, the Host as it came, nothing buffered, 502 when there is nobody. */
async function tlsProxy (target: number): Promise<{ port: number, end(): Promise<void> }> {
  const dir = mkdtempSync(path.join(tmpdir(), 'burn-tls-'))
  const { key, cert } = makeCertificate(dir, NAME)
  const server = https.createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    const inner = http.request({ host: '127.0.0.1', port: target, method: request.method, path: request.url, headers: request.headers }, answer => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    })
    inner.on('error', () => { if (response.headersSent) response.destroy(); else response.writeHead(502).end() })
    request.pipe(inner)
  })
  rmSync(dir, { recursive: true })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  return {
    port: (server.address() as AddressInfo).port,
    async end () {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}
