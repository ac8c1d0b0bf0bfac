import { writeFileSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { Person } from '@ipkit/testkit/person'
import { DistSite, fakeArchive } from '@ipkit/testkit/releases/dist-site'
import { serveSite } from '@ipkit/testkit/releases/serve-site'
import { platformOf } from '../packages/ipfsup/src/domain/platform.ts'
import { narrator } from './narrator.ts'
import { succeeded } from './succeeded.ts'

/** Two versions side by side, one per folder, from a server of this demo's own; small scripts stand for Kubo, which weighs 50 MB. */
export async function versionsScene (ann: Person): Promise<void> {
  const site = new DistSite()
  for (const [version, repoVersion] of [['0.42.0', 18], ['0.43.0', 18]] as const) site.add({ version: `v${version}`, ...platformOf(process.platform, process.arch), archive: fakeArchive({ version, repoVersion }) })
  await using server = await serveSite(site)
  const env = { IPFSUP_ORIGINS: server.url, SHELL: '/bin/sh' }
  const ipfsup = async (...args: string[]): Promise<string> => {
    const ran = succeeded(await ann.run('ipfsup', args, { env }))
    return ran.stderr + ran.stdout
  }
  const project = path.join(ann.folder, 'project')
  const ipfs = async (cwd: string, ...args: string[]): Promise<string> => succeeded(await ann.runProgram(path.join(ann.folder, '.ipfsup/bin/ipfs'), args, { env, cwd })).stdout

  narrator.scene('8. Ann needs two versions of Kubo. (Here they are small scripts, served by the\n   demo itself.)')
  succeeded(await ann.run('ipfsup', ['init', '--no-modify-path'], { env }))
  narrator.command('Ann', 'ipfsup update')
  narrator.output(await ipfsup('update'))
  narrator.command('Ann', 'ipfs version')
  narrator.output(await ipfs(ann.folder, 'version'))

  narrator.scene('9. One project still needs the version before. It is fetched when it is first\n   asked for.')
  await mkdir(project)
  writeFileSync(path.join(project, '.ipfs-version'), 'v0.42.0\n')
  narrator.command('Ann', 'ipfs +v0.42.0 version')
  narrator.output(await ipfs(ann.folder, '+v0.42.0', 'version'))
  narrator.command('Ann', 'cat project/.ipfs-version; cd project; ipfs version')
  const here = await ipfs(project, 'version')
  narrator.output(`v0.42.0\n${here}`)
  if (here !== 'ipfs version 0.42.0\n') throw new Error('the folder did not decide')
}
