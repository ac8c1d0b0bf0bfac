import { rm } from 'node:fs/promises'
import path from 'node:path'
import { run } from './run.ts'
import { seconds } from './timing.ts'

/** age to one X25519 recipient and back, files on the same disk, each synced: encryption at rest without any sending. */
export async function timeAge (file: string, folder: string, runs: number): Promise<{ encrypt: number[], decrypt: number[] }> {
  const [key, sealed, opened] = ['age.key', 'age.sealed', 'age.opened'].map(name => path.join(folder, name)) as [string, string, string]
  await rm(key, { force: true })
  await run('age-keygen', ['-o', key])
  const recipient = (await run('age-keygen', ['-y', key])).trim()
  const encrypt: number[] = []
  const decrypt: number[] = []
  for (let n = 0; n < runs; n++) {
    await rm(sealed, { force: true })
    await rm(opened, { force: true })
    encrypt.push(await seconds(async () => { await run('sh', ['-c', 'age -r "$0" -o "$1" "$2" && sync "$1"', recipient, sealed, file]) }))
    decrypt.push(await seconds(async () => { await run('sh', ['-c', 'age -d -i "$0" -o "$1" "$2" && sync "$1"', key, opened, sealed]) }))
  }
  await run('cmp', [file, opened])
  await rm(sealed)
  await rm(opened)
  return { encrypt, decrypt }
}
