import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Person } from '@ipkit/testkit/person'
import { sourceText } from '@ipkit/testkit/source-text'
import { narrator } from './narrator.ts'
import { succeeded } from './succeeded.ts'

const DATA_BYTES = 12_000_000

/** A packed folder, three characters more in it, and what bringing the new version over costs. */
export async function syncScene (ann: Person, bob: Person): Promise<void> {
  const project = path.join(ann.folder, 'data')
  mkdirSync(project)
  const data = path.join(project, 'data.txt')
  const text = sourceText(DATA_BYTES, 1)
  const file = path.join(ann.folder, 'data.tar.gz')
  const pack = (): void => { execFileSync('tar', ['-C', ann.folder, '-czf', file, 'data']) }
  const address = (JSON.parse(succeeded(await ann.run('ipkit', ['id', '--json'])).stdout) as { addresses: string[] }).addresses[0]!
  const sync = async (who: Person, name: string, line: string, args: readonly string[]): Promise<void> => {
    narrator.command(name, `ipfs-dedup-sync ${line}`)
    const { stdout, stderr } = succeeded(await who.run('ipfs-dedup-sync', args))
    narrator.output(stderr + stdout)
  }

  narrator.scene('10. Ann packs a folder and publishes it as version 1. Bob pulls it.')
  writeFileSync(data, text)
  pack()
  await sync(ann, 'Ann', 'publish data.tar.gz', ['publish', file])
  const { name } = JSON.parse(succeeded(await ann.run('ipfs-dedup-sync', ['publish', file, '--json'])).stdout) as { name: string }
  await sync(bob, 'Bob', 'pull <name> -o data.tar.gz --from <Ann>', ['pull', name, '-o', 'data.tar.gz', '--from', address])

  narrator.scene('11. She adds a character at the beginning, one in the middle and one at the end of\n   data.txt, and packs it again. Nearly every byte of the .tar.gz is another.')
  writeFileSync(data, Buffer.concat([Buffer.from('x'), text.subarray(0, DATA_BYTES / 2), Buffer.from('y'), text.subarray(DATA_BYTES / 2), Buffer.from('z')]))
  pack()
  await sync(ann, 'Ann', 'publish data.tar.gz', ['publish', file])
  narrator.command('Bob', 'ipfs-dedup-sync pull <name> -o data.tar.gz --overwrite')
  const pulled = JSON.parse(succeeded(await bob.run('ipfs-dedup-sync', ['pull', name, '-o', 'data.tar.gz', '--overwrite', '--from', address, '--json'])).stdout) as { receivedBytes: number, sentBytes: number }
  const wire = pulled.receivedBytes + pulled.sentBytes
  narrator.output(`${statSync(file).size} bytes, of which ${wire} went over the connection, both ways together`)
  if (!readFileSync(path.join(bob.folder, 'data.tar.gz')).equals(readFileSync(file))) throw new Error('Bob has another file than Ann')
  if (wire > 32_000) throw new Error(`three characters cost ${wire} bytes`)
  narrator.plain('\n  Bob has the very same file.')
}
