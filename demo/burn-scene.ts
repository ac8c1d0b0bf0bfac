import { setTimeout as sleep } from 'node:timers/promises'
import type { Person } from '@ipkit/testkit/person'
import { narrator } from './narrator.ts'
import { readWebLink } from './read-web-link.ts'
import { succeeded } from './succeeded.ts'

const MESSAGE = 'The spare key is under the blue flower pot.'

export interface SceneOptions { readonly interactive: boolean, readonly signal: AbortSignal }

/** A message goes from one node to another, is read once, and is gone. */
export async function burnScene (ann: Person, bob: Person): Promise<void> {
  narrator.scene('1. Ann leaves a message at her node. Only the link can open it, and only once.')
  narrator.command('Ann', `echo '${MESSAGE}' | burn add - --expires 1h`)
  const added = succeeded(await ann.run('burn', ['add', '-', '--expires', '1h'], { input: `${MESSAGE}\n` }))
  narrator.output(added.stderr)
  narrator.output(added.stdout)
  const link = added.stdout.trim()
  const { id, cid } = JSON.parse(succeeded(await ann.run('burn', ['ls', '--json'])).stdout) as { id: string, cid: string }

  narrator.scene('2. Bob asks the one address in the link, and nobody else, whether it is there.')
  const address = `/ip4/127.0.0.1/tcp/${/\/tcp\/(\d+)/.exec(link)![1]!}`
  narrator.command('Bob', `burn find ${cid.slice(0, 14)}... ${address}`)
  narrator.output(succeeded(await bob.run('burn', ['find', cid, address])).stdout)

  narrator.scene('3. Bob opens it. His node fetches and checks everything first, then asks Ann\'s\n   node for the key, which it gives away once.')
  narrator.command('Bob', 'burn get -          (and pastes the link)')
  const read = succeeded(await bob.run('burn', ['get', '-'], { input: `${link}\n` }))
  narrator.output(read.stderr)
  narrator.output(read.stdout)
  if (read.stdout.trim() !== MESSAGE) throw new Error('Bob read something else')

  narrator.scene('4. It is gone. The same link again, for anybody:')
  narrator.command('Bob', 'burn get -')
  const again = await bob.run('burn', ['get', '-'], { input: `${link}\n` })
  narrator.output(again.stderr)
  narrator.output(`(exit code ${again.exit})`)
  if (again.exit !== 4) throw new Error(`the second read ended with ${again.exit}, not with 4`)

  narrator.scene('5. Ann sees when it was read, and by whom.')
  narrator.command('Ann', `burn status ${id.slice(0, 8)}`)
  narrator.output(succeeded(await ann.run('burn', ['status', id.slice(0, 8)])).stdout)
}

/** The last scene: with a terminal it waits for somebody to open the link. */
export async function webScene (ann: Person, { interactive, signal }: SceneOptions): Promise<void> {
  narrator.scene('12. For somebody with nothing but a browser there is a second link.')
  narrator.command('Ann', `echo '${MESSAGE}' | burn add - --web`)
  const added = succeeded(await ann.run('burn', ['add', '-', '--web', '--expires', '1h', '--json'], { input: `${MESSAGE}\n` }))
  const { id, webLink } = JSON.parse(added.stdout) as { id: string, webLink: string }
  narrator.output(webLink)
  if (interactive) {
    narrator.plain('\n  Open it in a browser on this machine: nothing is read before you press the\n  button. The demo ends when it was read, or with Ctrl-C.')
    await untilRead(ann, id, signal)
    return
  }
  narrator.plain('\n  There is no terminal to wait at, so the demo reads it itself, as the page would:')
  const text = await readWebLink(webLink)
  narrator.output(text)
  if (text.trim() !== MESSAGE) throw new Error('the web link gave something else')
  await untilRead(ann, id, AbortSignal.any([signal, AbortSignal.timeout(10_000)]))
}

async function untilRead (ann: Person, id: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const { state } = JSON.parse(succeeded(await ann.run('burn', ['status', id, '--json'])).stdout) as { state: string }
    if (state === 'read') break
    await sleep(500, undefined, { signal })
  }
  narrator.plain('\n  Ann\'s node: it was read, and is gone.')
}
