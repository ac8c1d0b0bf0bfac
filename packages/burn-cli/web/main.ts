/** Joins the page to this browser. */
import type { Clock } from '@ipkit/core/time/clock'
import { nobleArgon2id } from '../src/adapters/noble-argon2id.ts'
import { nobleBulkCrypto } from '../src/adapters/noble-bulk-crypto.ts'
import { httpSender } from './http-sender.ts'
import { keptKeys } from './kept-keys.ts'
import { pageView } from './page-view.ts'
import { readFlow } from './read-flow.ts'
import type { Keepsakes } from './show-content.ts'

// noble yields through scheduler.yield where there is one, which goes before painting and input: 10 frames a second while a passphrase is
// checked. Without it noble waits with timers, and the page stays smooth.
Object.defineProperty(globalThis, 'scheduler', { value: undefined })

const clock: Clock = {
  now: () => Date.now(),
  sleep: async (ms, signal) => {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(resolve, ms)
      signal?.addEventListener('abort', () => { clearTimeout(timer); reject(signal.reason as Error) }, { once: true })
    })
  },
}

const beforeLeaving = (event: BeforeUnloadEvent): void => { event.preventDefault() }

const keepsakes: Keepsakes = {
  async copy (text) {
    try {
      await navigator.clipboard.writeText(text) // not there on plain http
      return true
    } catch {
      return copyBySelection()
    }
  },
  save (name, parts) {
    const url = URL.createObjectURL(new Blob([...parts] as BlobPart[], { type: 'application/octet-stream' }))
    const link = document.createElement('a')
    link.href = url
    link.download = name
    link.click()
    setTimeout(() => { URL.revokeObjectURL(url) }, 60_000)
  },
  forgetLink () { history.replaceState(undefined, '', location.pathname) },
  guardPage (on) {
    if (on) addEventListener('beforeunload', beforeLeaving)
    else removeEventListener('beforeunload', beforeLeaving)
  },
}

/** The selection stays, so that the reader sees what was copied, or can copy it by hand. */
function copyBySelection (): boolean {
  getSelection()?.selectAllChildren(document.getElementById('words')!)
  // oxlint-disable-next-line typescript/no-deprecated -- the clipboard interface is missing on plain http
  return document.execCommand('copy')
}

function session (): Storage | undefined {
  try { return sessionStorage } catch { return undefined }
}

/** Another link pasted into the address bar of this tab is another message. */
addEventListener('hashchange', () => { if (location.hash !== '') location.reload() })

document.getElementById('plain')!.hidden = location.protocol === 'https:' || isSecureContext
void readFlow({
  ...keepsakes,
  view: pageView(document),
  clock,
  kept: keptKeys(session()),
  sender: httpSender(new URL('v1', location.origin + location.pathname).href),
  bulk: nobleBulkCrypto,
  argon2id: nobleArgon2id,
  randomBytes: size => crypto.getRandomValues(new Uint8Array(size)),
  pause: async () => { await new Promise<void>(resolve => { setTimeout(resolve) }) },
}, location.hash.slice(1))
