/**
 * What a user would pick instead. Each gets the old version that both ends have, and brings the new one over; bytes are those on the wire in both directions, or what has to be carried or kept where
 * there is no wire. Each gives the new file again, for comparison.
 */
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { run } from '../rivals/run.ts'
import { serveCounting } from './counting-server.ts'
import { cpuOf } from './measured-run.ts'

export interface Versions { readonly before: string, readonly after: string, /** Empty. */ readonly folder: string }
export interface Brought { readonly bytes: number, readonly cpuS: number, readonly output: string }
export interface Rival { readonly name: string, readonly needs: readonly string[], bring(versions: Versions): Promise<Brought> }

/** An ssh that goes nowhere: it drops the host and runs the rest here. */
const NO_SSH = '#!/bin/sh\nshift\nexec "$@"\n'

async function rsync ({ before, after, folder }: Versions): Promise<Brought> {
  const shell = path.join(folder, 'no-ssh')
  const output = path.join(folder, 'there')
  const log = path.join(folder, 'stats')
  await writeFile(shell, NO_SSH, { mode: 0o755 })
  await run('cp', [before, output])
  const cpuS = await cpuOf('rsync -z --no-whole-file --ignore-times --stats -e "$1" "$2" "host:$3" >"$4"', [shell, after, output, log])
  const said = await readFile(log, 'utf8')
  const number = (what: RegExp): number => Number(what.exec(said)![1]!.replaceAll(',', ''))
  return { bytes: number(/Total bytes sent: ([\d,]+)/) + number(/Total bytes received: ([\d,]+)/), cpuS, output }
}

async function zsync ({ before, after, folder }: Versions): Promise<Brought> {
  const [site, output] = [path.join(folder, 'site'), path.join(folder, 'there')]
  await mkdir(site)
  await run('cp', [after, path.join(site, 'file')])
  const made = await cpuOf('cd "$1" && zsyncmake -u file file -o file.zsync', [site])
  await using server = await serveCounting(site)
  const cpuS = await cpuOf('cd "$1" && zsync -i "$2" -o there "$3/file.zsync" </dev/null', [folder, before, server.url])
  return { bytes: server.bytes(), cpuS: made + cpuS, output }
}

async function casync ({ before, after, folder }: Versions): Promise<Brought> {
  const [site, output] = [path.join(folder, 'site'), path.join(folder, 'there')]
  await mkdir(site)
  const made = await cpuOf('cd "$1" && casync make --store=store file.caibx "$2"', [site, after])
  await using server = await serveCounting(site)
  const cpuS = await cpuOf('cd "$1" && casync extract --store="$3/store" --seed="$2" "$3/file.caibx" there', [folder, before, server.url], { cwd: folder })
  return { bytes: server.bytes(), cpuS: made + cpuS, output }
}

async function borg ({ before, after, folder }: Versions): Promise<Brought> {
  const [repo, output] = [path.join(folder, 'repo'), path.join(folder, 'there')]
  const env = { ...process.env, BORG_BASE_DIR: path.join(folder, 'base'), BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK: 'yes' }
  await run('borg', ['init', '-e', 'none', repo], { env })
  const create = 'borg create -C zstd --stdin-name file "$1::$2" - <"$3"'
  await cpuOf(create, [repo, 'before', before], { env })
  const size = await sizeOf(repo)
  const cpuS = await cpuOf(create, [repo, 'after', after], { env })
  const bytes = await sizeOf(repo) - size
  const back = await cpuOf('borg extract --stdout "$1::after" >"$2"', [repo, output], { env })
  return { bytes, cpuS: cpuS + back, output }
}

async function restic ({ before, after, folder }: Versions): Promise<Brought> {
  const [repo, output] = [path.join(folder, 'repo'), path.join(folder, 'there')]
  const env = { ...process.env, RESTIC_REPOSITORY: repo, RESTIC_PASSWORD: 'bench', RESTIC_CACHE_DIR: path.join(folder, 'cache') }
  await run('restic', ['init'], { env })
  const create = 'restic backup --stdin --stdin-filename file <"$1"'
  await cpuOf(create, [before], { env })
  const size = await sizeOf(repo)
  const cpuS = await cpuOf(create, [after], { env })
  const bytes = await sizeOf(repo) - size
  const back = await cpuOf('restic dump latest file >"$1"', [output], { env })
  return { bytes, cpuS: cpuS + back, output }
}

async function xdelta3 ({ before, after, folder }: Versions): Promise<Brought> {
  const [delta, output] = [path.join(folder, 'delta'), path.join(folder, 'there')]
  const made = await cpuOf('xdelta3 -q -e -B "$4" -s "$1" "$2" "$3"', [before, after, delta, String((await stat(before)).size)])
  const back = await cpuOf('xdelta3 -q -d -B "$4" -s "$1" "$2" "$3"', [before, delta, output, String((await stat(before)).size)])
  return { bytes: (await stat(delta)).size, cpuS: made + back, output }
}

async function sizeOf (folder: string): Promise<number> {
  return Number((await run('du', ['-sb', folder])).split('\t')[0])
}

export const RIVALS: readonly Rival[] = [
  { name: 'rsync', needs: ['rsync'], bring: rsync },
  { name: 'zsync', needs: ['zsync', 'zsyncmake'], bring: zsync },
  { name: 'casync', needs: ['casync'], bring: casync },
  { name: 'borg', needs: ['borg'], bring: borg },
  { name: 'restic', needs: ['restic'], bring: restic },
  { name: 'xdelta3', needs: ['xdelta3'], bring: xdelta3 },
]
