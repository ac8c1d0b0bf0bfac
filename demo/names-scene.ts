import { rename } from 'node:fs/promises'
import path from 'node:path'
import type { Person } from '@ipkit/testkit/person'
import { narrator } from './narrator.ts'
import { succeeded } from './succeeded.ts'

const CID = 'bafkqaddwgevxmmraojswg33smq'

/** A name goes from one home to another as a file, and resolves there when its owner is gone. */
export async function namesScene (ann: Person, bob: Person): Promise<void> {
  succeeded(await bob.run('ipkit', ['stop'])) // else they might still be connected
  narrator.scene('6. Ann publishes a name, with nobody in reach, and Bob gets it on a stick.')
  narrator.command('Ann', `ipnsup publish ${CID}`)
  const { stdout, stderr } = succeeded(await ann.run('ipnsup', ['publish', CID]))
  const name = stdout.trim()
  narrator.output(stderr)
  narrator.output(name)
  narrator.command('Ann', 'ipnsup export self -o stick')
  succeeded(await ann.run('ipnsup', ['export', 'self', '-o', 'stick']))
  await rename(path.join(ann.folder, 'stick'), path.join(bob.folder, 'stick'))
  narrator.command('Bob', 'ipnsup import stick')
  narrator.output(succeeded(await bob.run('ipnsup', ['import', 'stick'])).stdout)

  narrator.scene('7. Ann goes. Her name still resolves at Bob\'s.')
  succeeded(await ann.run('ipnsup', ['node', 'stop']))
  narrator.command('Bob', `ipnsup resolve ${name.slice(0, 14)}...`)
  const resolved = succeeded(await bob.run('ipnsup', ['resolve', name])).stdout
  narrator.output(resolved)
  if (resolved.trim() !== `/ipfs/${CID}`) throw new Error('the name leads somewhere else')
}
