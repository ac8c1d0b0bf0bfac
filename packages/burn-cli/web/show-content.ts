import { codeOf } from '@ipkit/core/errors/code-of'
import type { Clock } from '@ipkit/core/time/clock'
import type { Opened } from './collect-content.ts'
import type { View } from './screen.ts'
import * as screens from './screens.ts'

/** What a browser can do with a content, and with the address that led to it. */
export interface Keepsakes {
  /** @returns false when the browser does not allow it */
  copy(text: string): Promise<boolean>
  /** Hands it to the browser's downloads, never opens it. */
  save(name: string, parts: readonly Uint8Array[]): void
  /** Takes the link out of the address bar and the history entry. */
  forgetLink(): void
  /** Whether closing the page asks first. */
  guardPage(on: boolean): void
}

export type Content = Opened & {
  readonly leaseUntilMs: number
  /** Other readers may open it too, so the sender keeps its half of the key. */
  readonly shared: boolean
  /** @throws AppError MESSAGE_UNKNOWN: there is nothing more to tell; others: try again */
  acknowledge(): Promise<void>
  /** Wipes what was needed to acknowledge. */
  forget(): void
}

export interface ShowDeps extends Keepsakes { readonly view: View, readonly clock: Clock }

/** Shows the content for as long as the page lives, and tells the sender once it is safe: a text when it stands there, a file when it was saved. */
export async function showContent (deps: ShowDeps, content: Content): Promise<never> {
  return content.kind === 'text' ? await showText(deps, content) : await showFile(deps, content)
}

async function showText (deps: ShowDeps, content: Content & { kind: 'text' }): Promise<never> {
  const { view } = deps
  view.show(screens.opened(content.text, screens.TELLING))
  void tellSender(deps, content)
  for (;;) {
    const act = await view.act()
    if (act.kind === 'copy') view.confirm('copy', await deps.copy(content.text) ? 'Copied' : 'Select the text and copy it')
    if (act.kind === 'save') {
      deps.save('message.txt', content.parts)
      view.confirm('save', 'Saved')
    }
  }
}

async function showFile (deps: ShowDeps, content: Content & { kind: 'file' }): Promise<never> {
  const { view } = deps
  let saved = false
  deps.guardPage(true)
  view.show(screens.openedFile(content.name, content.sizeBytes, saved))
  for (;;) {
    if ((await view.act()).kind !== 'save') continue
    deps.save(content.name, content.parts)
    if (saved) continue
    saved = true
    deps.guardPage(false)
    view.show(screens.openedFile(content.name, content.sizeBytes, saved, screens.TELLING))
    void tellSender(deps, content)
  }
}

/** Tries until it is told, or the sender's lease is over. Then the link is of no use any more. */
async function tellSender ({ view, clock, forgetLink }: ShowDeps, content: Content): Promise<void> {
  let told = false
  for (let waitMs = 1000; !told; waitMs = Math.min(2 * waitMs, 30_000)) {
    try {
      await content.acknowledge()
      told = true
    } catch (e) {
      if (codeOf(e) === 'MESSAGE_UNKNOWN' || clock.now() > content.leaseUntilMs) break
      await clock.sleep(waitMs)
    }
  }
  content.forget()
  forgetLink()
  view.note(!told ? screens.UNTOLD : content.shared ? screens.TOLD_OTHERS_LEFT : screens.TOLD)
}
