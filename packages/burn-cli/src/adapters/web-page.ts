import { readFile } from 'node:fs/promises'
import { gzipSync } from 'node:zlib'

/** The page as it is served, with the policy that belongs to just these bytes. */
export interface WebPage {
  readonly html: Uint8Array
  readonly gzipped: Uint8Array
  readonly policy: string
}

/** @param folder URL of a folder, ending in a slash, with page.html and page.json as the build makes them */
export async function loadWebPage (folder: URL): Promise<WebPage> {
  const [html, hashes] = await Promise.all([
    readFile(new URL('page.html', folder)),
    readFile(new URL('page.json', folder), 'utf8').then(text => JSON.parse(text) as { scriptHashes: string[], styleHashes: string[] }),
  ])
  return { html, gzipped: gzipSync(html, { level: 9 }), policy: contentPolicy(hashes.scriptHashes, hashes.styleHashes) }
}

/** Nothing but the page's own script and style, and requests to where it came from. */
const contentPolicy = (scripts: readonly string[], styles: readonly string[]): string => [
  "default-src 'none'",
  `script-src ${scripts.join(' ')}`,
  `style-src ${styles.join(' ')}`,
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ')
