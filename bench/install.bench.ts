/**
 * Installing a release against what a user would type instead, the same archive from one server on the loopback interface, in turns:
 *   curl | tar                 fetched and unpacked, believed unseen
 *   curl, sha512sum, tar       fetched, compared with the hash that was told, unpacked
 *   curl | tar, sync           fetched, unpacked, on the disk
 *   ipfsup update              fetched, compared with SHA-512 and CID, unpacked, tried out, on the disk, made the default
 * The archive holds the node binary that runs this, filled up to 120 MB, and a program that stands for Kubo. Prints JSON lines; ratios are of medians,
 * above 1 means that ipfsup takes longer. On Linux also the most memory that the ipfsup process ever had. pnpm bench install [runs]
 */
import type { ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { Person } from '@ipkit/testkit/person'
import { DistSite, tarGz } from '@ipkit/testkit/releases/dist-site'
import { fakeKubo } from '@ipkit/testkit/releases/fake-kubo'
import { serveSite } from '@ipkit/testkit/releases/serve-site'
import { cidOf } from '@ipkit/testkit/releases/unixfs-tree'
import { platformOf } from '../packages/ipfsup/src/domain/platform.ts'
import { run } from './rivals/run.ts'
import { median, round, say, seconds } from './rivals/timing.ts'
import { follow, type Usage } from './rivals/usage.ts'

const runs = Number(process.argv[2] ?? 5)
/** As Kubo is. */
const UNPACKED_BYTES = 120e6
const { os: system, arch } = platformOf(process.platform, process.arch)

const folder = await mkdtemp(path.join(os.tmpdir(), 'ipfsup-bench-'))
try {
  const program = await readFile(process.execPath)
  const more = program.subarray(0, Math.max(0, UNPACKED_BYTES - program.length))
  const archive = tarGz({ 'kubo/ipfs': { text: fakeKubo({ version: '0.43.0', repoVersion: 18 }), mode: 0o755 }, 'kubo/node': { text: program, mode: 0o755 }, 'kubo/more': { text: more } })
  const site = new DistSite()
  const name = site.add({ version: 'v0.43.0', os: system, arch, archive, cid: await cidOf(archive) })
  await using served = await serveSite(site)
  const url = `${served.url}/kubo/v0.43.0/${name}`
  const hash = createHash('sha512').update(archive).digest('hex')
  say({ bench: 'install', archiveMb: round(archive.length / 1e6, 1), unpackedMb: round((program.length + more.length) / 1e6, 1), runs })

  const sh = async (script: string): Promise<number> => {
    const into = path.join(folder, 'unpacked')
    await mkdir(into)
    const taken = await seconds(async () => { await run('sh', ['-ec', script, 'sh', url, into, hash]) })
    await rm(into, { recursive: true })
    return taken
  }
  const rivals = {
    'curl | tar': 'curl -sSf "$1" | tar -xz -C "$2"',
    'curl, sha512sum, tar': 'cd "$2"; curl -sSfo archive "$1"; echo "$3  archive" | sha512sum -c --quiet; tar -xzf archive; rm archive',
    'curl | tar, sync': 'curl -sSf "$1" | tar -xz -C "$2"; find "$2" -type f -exec sync {} +',
  }
  const times: Record<string, number[]> = { 'ipfsup update': [] }
  const peaks: number[] = []
  for (let n = 0; n < runs; n++) {
    for (const [rival, script] of Object.entries(rivals)) (times[rival] ??= []).push(await sh(script))
    await using person = await Person.in(folder, `person${n}`)
    let used!: () => Usage | undefined
    const onStart = (child: ChildProcess): void => { used = follow(child) }
    times['ipfsup update']!.push(await seconds(async () => { await person.json('ipfsup', ['update', '--transport=https'], { env: { IPFSUP_ORIGINS: served.url }, onStart }) }))
    const peak = used()?.peakMib
    if (peak !== undefined) peaks.push(peak)
  }
  const own = median(times['ipfsup update']!)
  say({ bench: 'install', tool: 'ipfsup update', medianS: round(own), ...peaks.length === 0 ? {} : { peakMib: round(Math.max(...peaks), 0) } })
  for (const rival of Object.keys(rivals)) say({ bench: 'install', tool: rival, medianS: round(median(times[rival]!)), ratio: round(own / median(times[rival]!)) })
} finally {
  await rm(folder, { recursive: true, force: true })
}
