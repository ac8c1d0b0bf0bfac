import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect } from '@jest/globals'
import { Person } from '@ipkit/testkit/person'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import { Browser, heading, readText, reveal } from '../../packages/burn-cli/test/web/browser.ts'

interface Added { readonly id: string, readonly link: string, readonly webLink: string }
interface Status { readonly state: string, readonly audit: ReadonlyArray<{ readonly event: string, readonly reader: string | null }> }

const test = testWithProgram('chromium')
let folder: string
let alice: Person
let bob: Person
let browser: Browser

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'ipkit-web-link-'))
  alice = await Person.in(folder, 'alice')
  bob = await Person.in(folder, 'bob')
  browser = await Browser.start()
})
afterAll(async () => {
  await browser?.end()
  for (const person of [alice, bob]) await person?.[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true, force: true })
})

const add = async (...args: string[]): Promise<Added> => await alice.json<Added>('burn', ['add', '-', '--web', ...args], { input: 'from node to browser\n' })
const status = async (id: string): Promise<Status> => await alice.json<Status>('burn', ['status', id])

test('a web link is read in a browser, once; the sender sees that it was, and the other link is spent too', async () => {
  const { id, link, webLink } = await add()
  const page = await browser.page()
  await page.goto(webLink)
  await heading(page, 'A message is waiting for you')
  expect((await status(id)).state).toBe('unread')
  await reveal(page)
  expect(await readText(page)).toBe('from node to browser\n')
  await page.getByText('has destroyed its half of the key').waitFor()
  const after = await status(id)
  expect(after.state).toBe('read')
  expect(after.audit.map(line => [line.event, line.reader])).toEqual([['created', null], ['claimed', 'web 127.0.0.1'], ['acked', 'web 127.0.0.1']])
  expect((await bob.run('burn', ['get', '-'], { input: link })).exit).toBe(4)
  await page.goto('about:blank')
  await page.goto(webLink)
  await heading(page, 'This message was read')
  await page.close()
})

test('the page is there again, at the same address, after the node was stopped and started', async () => {
  const { webLink } = await add('--name', 'note.txt')
  expect((await alice.run('burn', ['node', 'stop'])).exit).toBe(0)
  expect((await alice.run('burn', ['ls'])).exit).toBe(0)
  const page = await browser.page()
  await page.goto(webLink)
  await reveal(page)
  await heading(page, 'You have received a file')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the file' }).click()])
  expect(download.suggestedFilename()).toBe('note.txt')
  expect(readFileSync(await download.path(), 'utf8')).toBe('from node to browser\n')
  await page.close()
  expect(browser.complaints).toEqual([])
})
