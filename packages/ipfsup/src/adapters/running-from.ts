import { execFile } from 'node:child_process'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { promisify } from 'node:util'

/** @returns the ids of processes that run a program of this folder: its own binary, or an interpreter with one of its scripts */
export async function runningFrom (folder: string, platform: string = process.platform): Promise<number[]> {
  const processes = platform === 'linux' ? procProcesses() : psProcesses()
  const pids: number[] = []
  for await (const { pid, program, words } of processes) {
    if (pid === process.pid) continue
    const isOurs = (word: string): boolean => word === `${folder}/ipfs` || word.startsWith(`${folder}/node_modules/`)
    if (program?.startsWith(`${folder}/`) === true || words.some(isOurs)) pids.push(pid)
  }
  return pids
}

interface Running { readonly pid: number, readonly program: string | undefined, readonly words: readonly string[] }

async function * procProcesses (): AsyncGenerator<Running> {
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const program = await readlink(`/proc/${name}/exe`).catch(() => undefined) // of other users, and of processes that ended
    const words = (await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')).split('\0')
    yield { pid: Number(name), program: program?.replace(/ \(deleted\)$/, ''), words }
  }
}

async function * psProcesses (): AsyncGenerator<Running> {
  const { stdout } = await promisify(execFile)('ps', ['-axww', '-o', 'pid=,command='], { maxBuffer: 16 * 1024 * 1024 }).catch(() => ({ stdout: '' }))
  for (const line of stdout.split('\n')) {
    const [pid, ...words] = line.trim().split(' ')
    if (words.length > 0) yield { pid: Number(pid), program: words[0], words }
  }
}
