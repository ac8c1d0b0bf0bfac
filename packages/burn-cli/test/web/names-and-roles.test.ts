import { afterAll, beforeAll, expect } from '@jest/globals'
import { testWithProgram } from '@ipkit/testkit/test-with-program'
import type { Page } from 'playwright-core'
import { Browser, heading } from './browser.ts'
import { WebWorld } from './web-world.ts'

const test = testWithProgram('chromium')
let world: WebWorld
let browser: Browser

beforeAll(async () => {
  world = await WebWorld.start()
  browser = await Browser.start()
})
afterAll(async () => {
  expect(browser?.complaints ?? []).toEqual([])
  await browser?.end()
  await world?.end()
})

/** The accessibility tree as a screen reader gets it, without what changes from run to run. */
const tree = async (page: Page): Promise<string> => (await page.locator('body').ariaSnapshot()).replace(/\d+ Nov|\d+ [A-Z][a-z]{2}( \d{4})?/g, '<day>').replace(/\d\d:\d\d/g, '<time>')
const focused = async (page: Page): Promise<string> => await page.evaluate('document.activeElement.id || document.activeElement.tagName.toLowerCase()')

test('landmarks, one heading, facts, labels and a status are there by role and name', async () => {
  const page = await browser.page()
  await page.goto((await world.add('x', { passphrase: 'y' })).link)
  await heading(page, 'A message is waiting for you')
  const found = await tree(page)
  for (const line of [
    '- banner: burn',
    '- main:',
    '- article "A message is waiting for you":',
    '- heading "A message is waiting for you" [level=1]',
    '- term: Size',
    '- term: Can be opened until',
    '- textbox "Passphrase"',
    '- button "Show passphrase": Show',
    '- button "Reveal"',
    '- status: A message is waiting for you. It has arrived on this device, still encrypted. Nothing has been opened yet.',
    '- contentinfo:',
  ]) expect(found).toContain(line)
  expect(found.match(/level=1/g)).toHaveLength(1)
  expect(await page.getByRole('button', { name: 'Reveal' }).getAttribute('aria-describedby')).toBe('caution')
  expect(await page.getByRole('textbox').getAttribute('aria-describedby')).toBe('wrong hint')
  expect(await page.title()).toBe('A message is waiting for you - burn')
  await page.close()
})

test('progress is a progress bar with a name, and the article is busy', async () => {
  const page = await browser.page()
  await page.route('**/burn/v1', async route => { await route.abort() })
  await page.goto((await world.add('x')).link)
  await heading(page, 'The sender cannot be reached')
  await page.getByRole('progressbar', { name: 'Trying again by itself' }).waitFor()
  expect(await page.getByRole('article').getAttribute('aria-busy')).toBe('true')
  await page.close()
})

test('the keyboard alone opens, reads, scrolls and copies a message, and is never lost', async () => {
  const page = await browser.page()
  await page.goto((await world.add('line\n'.repeat(500), { passphrase: 'correct horse' })).link)
  await heading(page, 'A message is waiting for you')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('passphrase')
  await page.keyboard.type('correct hors')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('peek')
  await page.keyboard.press('Space')
  await page.keyboard.press('Shift+Tab')
  await page.keyboard.press('End')
  await page.keyboard.type('e')
  await page.keyboard.press('Tab')
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('reveal')
  expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
  await page.keyboard.press('Enter')
  await heading(page, 'Your message')
  expect(await focused(page)).toBe('title') // the button went away: the heading is read out
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('words')
  await page.keyboard.press('PageDown')
  // not waitForFunction: it evaluates text inside the page, which the page's policy forbids
  while (await page.evaluate('document.getElementById("words").scrollTop') === 0) await page.waitForTimeout(20)
  await page.keyboard.press('Tab')
  expect(await focused(page)).toBe('copy')
  await page.keyboard.press('Enter')
  await page.getByRole('status').filter({ hasText: /Copied|Select the text/ }).waitFor()
  expect(await focused(page)).toBe('copy')
  await page.close()
})

test('from 320 pixels on nothing is cut off, in light and dark, and nothing moves when motion is not wanted', async () => {
  for (const [colorScheme, width] of [['light', 320], ['dark', 360], ['light', 1280]] as const) {
    const page = await browser.page()
    await page.setViewportSize({ width, height: 740 })
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
    for (const link of [(await world.add('x'.repeat(3000))).link, (await world.add('y', { name: `${'long'.repeat(60)}.txt` })).link, `${world.base}/burn/#damaged`]) {
      await page.goto('about:blank')
      await page.goto(link)
      if (link.endsWith('damaged')) await heading(page, 'This link is damaged')
      else {
        await page.getByRole('button', { name: 'Reveal' }).click()
        await page.getByText('Opened', { exact: true }).waitFor()
        const save = page.getByRole('button', { name: 'Save the file' })
        if (await save.isVisible()) await save.click() // else leaving the page would be asked about
      }
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width)
      expect(await page.evaluate('document.getAnimations().length')).toBe(0)
    }
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(colorScheme === 'dark' ? 'rgb(19, 17, 16)' : 'rgb(244, 241, 236)')
    await page.close()
  }
})
