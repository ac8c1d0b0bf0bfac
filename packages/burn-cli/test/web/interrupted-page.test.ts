import { afterAll, afterEach, beforeAll, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import type { Page } from 'playwright-core'
import { LEASE_MS } from '../../src/domain/limits.ts'
import { Browser, heading, readText, reveal } from './browser.ts'
import { WebWorld } from './web-world.ts'

const test = testWithProgram('chromium')
const TEXT = 'once'
/** Cuts the answer to a claim in the middle: its head and first frame have about 850 bytes, the whole has about 1000. */
const CUT_IN_THE_ANSWER = 900
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
})

const open = async (link: string): Promise<void> => {
  page = await browser.page()
  await page.goto(link)
}
const goOn = async (): Promise<void> => {
  world.wire.budgetBytes = Infinity
  await page.getByRole('button', { name: 'Try now' }).click()
}

test('an interrupted transfer goes on where it was', async () => {
  const message = await world.add(new Uint8Array(20_000_000).fill(1), { name: 'twenty.bin' })
  world.wire.budgetBytes = 16_000_000 // what is on its way when the line is cut is lost: the more, the busier the machine
  await open(message.link)
  await heading(page, 'Waiting for the sender')
  const main = await page.getByRole('main').innerText()
  expect(main).toMatch(/interrupted at \d\d percent/)
  expect(main).toContain('Nothing was used up')
  world.wire.sentBytes = 0
  await goOn()
  await heading(page, 'A message is waiting for you')
  expect(world.wire.sentBytes).toBeLessThan(14_000_000)
  await reveal(page)
  await heading(page, 'You have received a file')
})

test('a sender that is away is asked again by itself', async () => {
  const message = await world.add(TEXT)
  page = await browser.page()
  await page.route('**/burn/v1', async route => { await route.abort() }) // the page is there already, the sender is not
  await page.goto(message.link)
  await heading(page, 'The sender cannot be reached')
  await page.unroute('**/burn/v1')
  await heading(page, 'A message is waiting for you')
})

test('a sender that stops and comes back is found again, with the nonces of a new process', async () => {
  const message = await world.add(TEXT)
  await open(message.link)
  await heading(page, 'A message is waiting for you')
  await world.down()
  try {
    await reveal(page)
    await heading(page, 'Waiting for the sender')
    expect(await page.getByRole('main').innerText()).toContain('so keep it open')
  } finally {
    await world.up() // the tests after this one need it too
  }
  await goOn()
  expect(await readText(page)).toBe(TEXT)
  await page.getByText('has destroyed its half of the key').waitFor()
  expect(world.state(message)).toBe('read')
})

test('an answer that is lost on the way is asked for again with the same key', async () => {
  const message = await world.add(TEXT)
  await open(message.link)
  await heading(page, 'A message is waiting for you')
  world.wire.budgetBytes = CUT_IN_THE_ANSWER
  await reveal(page)
  await heading(page, 'Waiting for the sender')
  expect(world.state(message)).toBe('claimed')
  await goOn()
  expect(await readText(page)).toBe(TEXT)
  expect(world.outbox.records().at(-1)?.claims.size).toBe(1)
})

test('after a reload in the middle of opening, the same browser can go on and no other can', async () => {
  const message = await world.add(TEXT, { passphrase: 'correct horse' })
  await open(message.link)
  await page.getByLabel('Passphrase', { exact: true }).fill('correct horse')
  world.wire.budgetBytes = CUT_IN_THE_ANSWER
  await reveal(page)
  await heading(page, 'Waiting for the sender')
  world.wire.budgetBytes = Infinity
  await page.reload()
  await heading(page, 'Your message is still here')
  const other = await Browser.start()
  try {
    const stranger = await other.page()
    await stranger.goto(message.link)
    await heading(stranger, 'Somebody is opening this message')
  } finally {
    await other.end()
  }
  // the sender has counted this key and does not look at the passphrase again: the page does
  await page.getByLabel('Passphrase', { exact: true }).fill('wrong')
  await page.getByRole('button', { name: 'Go on' }).click()
  await page.getByRole('alert').filter({ hasText: 'That is not the passphrase. Nothing was lost' }).waitFor()
  await page.getByLabel('Passphrase', { exact: true }).fill('correct horse')
  await page.getByRole('button', { name: 'Go on' }).click()
  expect(await readText(page)).toBe(TEXT)
})

test('after the lease a reload finds the message gone', async () => {
  const message = await world.add(TEXT)
  await open(message.link)
  world.wire.budgetBytes = Infinity
  await heading(page, 'A message is waiting for you')
  world.wire.budgetBytes = CUT_IN_THE_ANSWER
  await reveal(page)
  await heading(page, 'Waiting for the sender')
  world.wire.budgetBytes = Infinity
  world.shiftMs = LEASE_MS + 1000
  await world.outbox.sweep()
  await page.reload()
  await heading(page, 'This message was opened')
  expect(await page.evaluate('JSON.stringify({ ...sessionStorage })')).toBe('{}')
  expect(world.state(message)).toBe('unconfirmed')
})

test('a sender that is busy, that has a full disk or that gives something unexpected is told apart, and asked again on request', async () => {
  const message = await world.add(TEXT, { strict: true })
  page = await browser.page()
  await page.route('**/burn/v1', async route => { await route.fulfill({ status: 503 }) })
  await page.goto(message.link)
  await heading(page, 'The sender\'s computer is busy')
  await page.unroute('**/burn/v1')
  await page.route('**/burn/v1', async route => { await route.fulfill({ status: 418 }) })
  await page.getByRole('button', { name: 'Try now' }).click()
  await heading(page, 'That did not work')
  expect(await page.getByRole('main').innerText()).toContain('HTTP status 418')
  await page.unroute('**/burn/v1')
  await page.getByRole('button', { name: 'Try again' }).click()
  await heading(page, 'A message is waiting for you')
  expect(await page.getByRole('main').innerText()).toContain('If the connection breaks at that moment, it is lost')
  const claim = world.outbox.claim
  world.outbox.claim = async () => { throw new Error('disk full') }
  await reveal(page)
  await heading(page, 'The sender\'s computer has a problem')
  world.outbox.claim = claim
  await page.getByRole('button', { name: 'Try again' }).click()
  await reveal(page)
  expect(await readText(page)).toBe(TEXT)
})

test('a content that is not what the link promises is never offered', async () => {
  const message = await world.add(TEXT)
  const leaves = world.outbox.leaves
  world.outbox.leaves = async function * (...args) { for await (const leaf of leaves.apply(world.outbox, args)) yield leaf.map(b => b ^ 1) }
  await open(message.link)
  await heading(page, 'This is not the message the link promises')
  expect(await page.getByRole('main').innerText()).toContain('Nothing was opened and nothing was used up')
  expect(await page.getByRole('button', { name: 'Reveal' }).isVisible()).toBe(false)
  world.outbox.leaves = leaves
  await page.getByRole('button', { name: 'Try again' }).click()
  await heading(page, 'A message is waiting for you')
})
