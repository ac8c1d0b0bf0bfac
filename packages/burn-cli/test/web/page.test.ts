import { readFile } from 'node:fs/promises'
import { afterAll, afterEach, beforeAll, describe, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import type { Page } from 'playwright-core'
import { Browser, heading, readText, reveal } from './browser.ts'
import { WebWorld } from './web-world.ts'

const test = testWithProgram('chromium')
const TEXT = 'The code is 4711.\n  <b>not bold</b> \u202e and Grüße\n'
let world: WebWorld
let browser: Browser
let page: Page

beforeAll(async () => {
  world = await WebWorld.start()
  browser = await Browser.start()
})
afterAll(async () => {
  await browser?.end()
  await world?.end()
})
afterEach(async () => {
  world.wire.budgetBytes = Infinity
  world.shiftMs = 0
  await page?.close()
  expect(browser.complaints).toEqual([])
  expect(world.reports).toEqual([])
})

const open = async (link: string): Promise<Page> => {
  page = await browser.page()
  await page.goto(link)
  return page
}
const passphrase = () => page.getByLabel('Passphrase', { exact: true })
const body = async (): Promise<string> => await page.getByRole('main').innerText()

describe('a text', () => {
  test('is shown upon the click and not before; then the link leaves the address bar', async () => {
    const message = await world.add(TEXT)
    await open(message.link)
    await heading(page, 'A message is waiting for you')
    expect(await body()).toContain('This message can be read once. After you reveal it, nobody can open it again, not even you with this link.')
    expect(await body()).toMatch(/1\.1 KB[^]*7 days left/)
    expect(world.state(message)).toBe('unread')
    await reveal(page)
    expect(await readText(page)).toBe(TEXT)
    await page.getByText('has destroyed its half of the key').waitFor()
    expect(world.state(message)).toBe('read')
    expect(page.url()).toBe(`${world.base}/burn/`)
    expect(await page.evaluate('JSON.stringify({ ...sessionStorage })')).toBe('{}')
    await page.reload()
    await heading(page, 'There is no message in this address')
  })

  test('can be copied, also where the browser keeps its clipboard from plain http', async () => {
    for (const secure of [true, false]) {
      const message = await world.add(`copy ${secure}`)
      page = await browser.page()
      if (!secure) await page.addInitScript({ content: "Object.defineProperty(navigator, 'clipboard', { value: undefined })" })
      else await page.context().grantPermissions(['clipboard-read', 'clipboard-write'], { origin: world.base })
      await page.goto(message.link)
      await reveal(page)
      await page.getByRole('button', { name: 'Copy' }).click()
      await page.getByRole('button', { name: 'Copied' }).waitFor()
      if (secure) expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`copy ${secure}`)
      else expect(await page.evaluate('String(getSelection())')).toBe(`copy ${secure}`)
      if (secure) await page.close()
    }
  })

  test('that is meant for several readers says how many are left', async () => {
    const message = await world.add(TEXT, { reads: 3 })
    await open(message.link)
    await heading(page, 'A message is waiting for you')
    expect(await body()).toContain('can be read 3 more times')
    await reveal(page)
    await page.getByText('knows that it has arrived.', { exact: false }).waitFor()
    expect(await body()).not.toContain('destroyed')
    expect(world.outbox.find(message.id)?.info.readsLeft).toBe(2)
  })
})

describe('a file', () => {
  test('is saved under a harmless name as bytes, never rendered, and confirmed only then', async () => {
    const content = new TextEncoder().encode('<script>alert(1)</script>')
    const message = await world.add(content, { name: '\u202e.evil<1>.html' })
    await open(message.link)
    await reveal(page)
    await heading(page, 'You have received a file')
    await page.waitForLoadState('networkidle')
    expect(world.state(message)).toBe('claimed')
    expect(page.url()).toBe(message.link)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the file' }).click()])
    expect(download.suggestedFilename()).toBe('evil1.html')
    expect(await readFile(await download.path())).toEqual(Buffer.from(content))
    await page.getByText('has destroyed its half of the key').waitFor()
    expect(world.state(message)).toBe('read')
    expect(page.url()).toBe(`${world.base}/burn/`)
    expect(await body()).not.toContain('alert')
  })

  test('asks before the page is closed while it is not saved', async () => {
    await open((await world.add('x', { name: 'x.txt' })).link)
    await reveal(page)
    await heading(page, 'You have received a file')
    const asked = page.waitForEvent('dialog')
    void page.close({ runBeforeUnload: true })
    const dialog = await asked
    expect(dialog.type()).toBe('beforeunload')
    await dialog.dismiss()
  })
})

describe('a passphrase', () => {
  test('wrong ones use nothing up, the fifth locks, the right one opens after the lock', async () => {
    const message = await world.add(TEXT, { passphrase: 'correct horse' })
    await open(message.link)
    await reveal(page)
    await page.getByRole('alert').filter({ hasText: 'Type the passphrase first' }).waitFor()
    await passphrase().fill('wrong 1')
    await page.keyboard.press('Enter')
    await page.getByRole('alert').filter({ hasText: 'That is not the passphrase. Nothing was used up' }).waitFor()
    expect(await passphrase().getAttribute('aria-invalid')).toBe('true')
    expect(await page.evaluate('document.activeElement.id')).toBe('passphrase')
    expect(world.outbox.record(message.id).wrongInRow).toBe(1)
    const guess = { readerKey: new Uint8Array(32).fill(1), reader: 'another', passProof: 'wrong', seal: async () => {} } as const
    for (let others = 2; others <= 4; others++) await world.outbox.claim(message.id, guess)
    expect(world.state(message)).toBe('unread')
    await passphrase().fill('wrong 5')
    await reveal(page)
    await heading(page, 'Too many wrong passphrases')
    expect(await body()).toMatch(/locked until today at[^]*(1:00|0:5\d)/)
    await world.outbox.unlock(message.id)
    await page.getByRole('button', { name: 'Try again' }).click()
    await heading(page, 'A message is waiting for you')
    await passphrase().fill('correct horse')
    await reveal(page)
    expect(await readText(page)).toBe(TEXT)
    expect(await passphrase().inputValue()).toBe('')
  })

  test('is covered unless the reader wants to see it', async () => {
    await open((await world.add(TEXT, { passphrase: 'x' })).link)
    await passphrase().fill('secret')
    expect(await passphrase().getAttribute('type')).toBe('password')
    await page.getByRole('button', { name: 'Show passphrase' }).click()
    expect(await passphrase().getAttribute('type')).toBe('text')
    await page.getByRole('button', { name: 'Hide passphrase' }).click()
    expect(await passphrase().getAttribute('type')).toBe('password')
  })
})

describe('a message that is gone says so', () => {
  test('read', async () => {
    const message = await world.add(TEXT)
    await open(message.link)
    await reveal(page)
    await page.getByText('has destroyed its half of the key').waitFor()
    await page.close()
    await open(message.link)
    await heading(page, 'This message was read')
    expect(await body()).toMatch(/It was read today at \d\d:\d\d, and is gone for good/)
  })

  test('being opened by somebody else, and opened without a confirmation', async () => {
    const message = await world.add(TEXT, { name: 'a.txt' })
    const first = await open(message.link)
    await reveal(page)
    await heading(page, 'You have received a file')
    await open('about:blank')
    const other = await Browser.start()
    try {
      const stranger = await other.page()
      await stranger.goto(message.link)
      await heading(stranger, 'Somebody is opening this message')
      world.shiftMs = 11 * 60_000
      await world.outbox.sweep()
      await stranger.reload()
      await heading(stranger, 'This message was opened')
      expect(other.complaints).toEqual([])
    } finally {
      await other.end()
      await first.close({ runBeforeUnload: false })
    }
  })

  test('expired, also while the page waited', async () => {
    const message = await world.add(TEXT, { lifeMs: 60_000 })
    await open(message.link)
    await heading(page, 'A message is waiting for you')
    world.shiftMs = 61_000
    await world.outbox.sweep()
    await reveal(page)
    await heading(page, 'This message has expired')
    await page.reload()
    await heading(page, 'This message has expired')
  })

  test('revoked; unknown; not meant for browsers', async () => {
    const message = await world.add(TEXT)
    await world.outbox.revoke(message.id)
    await open(message.link)
    await heading(page, 'The sender took this message back')
    await page.close()
    await open((await world.add(TEXT, { web: false })).link)
    await heading(page, 'This message is not here')
  })
})

describe('a link', () => {
  test('that is damaged, cut, from a newer version or missing is never asked about', async () => {
    const { link } = await world.add(TEXT)
    const flipped = `${link.slice(0, -20)}${link.at(-20) === 'A' ? 'B' : 'A'}${link.slice(-19)}`
    const asked: string[] = []
    for (const [bad, title] of [[link.slice(0, -3), 'This link is damaged'], [flipped, 'This link is damaged'], [`${world.base}/burn/#Ag${link.split('#')[1]!.slice(2)}`, 'This link needs a newer page'], [`${world.base}/burn/`, 'There is no message in this address']] as const) {
      page = await browser.page()
      page.on('request', request => { asked.push(request.method()) })
      await page.goto(bad)
      await heading(page, title)
      await page.close()
    }
    expect(asked).toEqual(['GET', 'GET', 'GET', 'GET'])
  })

  test('pasted over another one in the same tab opens that one', async () => {
    await open(`${world.base}/burn/`)
    await heading(page, 'There is no message in this address')
    await page.goto((await world.add(TEXT)).link)
    await heading(page, 'A message is waiting for you')
  })
})
