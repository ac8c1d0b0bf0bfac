import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { chromium, type BrowserContext, type BrowserContextOptions, type Page } from 'playwright-core'

const ARGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync']

/** Debian's Chromium without a window, with an empty profile that is thrown away. */
export class Browser {
  /** What pages complained about: errors of scripts, and everything that the content policy stopped. */
  readonly complaints: string[] = []
  readonly #context: BrowserContext
  readonly #profile: string

  private constructor (context: BrowserContext, profile: string) { this.#context = context; this.#profile = profile }

  static async start (options: BrowserContextOptions & { readonly args?: readonly string[] } = {}): Promise<Browser> {
    const { args = [], ...rest } = options
    const profile = await mkdtemp(path.join(tmpdir(), 'burn-chromium-'))
    const context = await chromium.launchPersistentContext(profile, { executablePath: '/usr/bin/chromium', args: [...ARGS, ...args], locale: 'en-GB', acceptDownloads: true, ...rest })
    return new Browser(context, profile)
  }

  async page (): Promise<Page> {
    const page = await this.#context.newPage()
    page.on('pageerror', e => { this.complaints.push(e.message) })
    page.on('console', message => { if (/security policy|trusted ?type/i.test(message.text())) this.complaints.push(message.text()) })
    await page.addInitScript({ content: "addEventListener('securitypolicyviolation', event => { console.error('content security policy: ' + event.violatedDirective) })" })
    return page
  }

  async end (): Promise<void> {
    await this.#context.close()
    await rm(this.#profile, { recursive: true, force: true, maxRetries: 5 })
  }
}

export const heading = async (page: Page, name: string): Promise<void> => { await page.getByRole('heading', { level: 1, name, exact: true }).waitFor() }
export const reveal = async (page: Page): Promise<void> => { await page.getByRole('button', { name: 'Reveal', exact: true }).click() }
export const readText = async (page: Page): Promise<string | null> => {
  await heading(page, 'Your message')
  return await page.getByRole('region', { name: 'The message' }).textContent()
}
