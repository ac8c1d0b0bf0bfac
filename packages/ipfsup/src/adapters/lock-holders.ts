import { execFile } from 'node:child_process'
import { readdir, readFile, readlink, realpath, stat } from 'node:fs/promises'
import { promisify } from 'node:util'
import { codeOf } from '@ipkit/core/errors/code-of'

/**
 * Who has a lock on a file. Kubo locks `repo.lock` by fcntl (go-fs-lock), which Node cannot ask for, so the kernel's list is read.
 * Elsewhere than on Linux whoever has the file open counts: Kubo opens it to lock it.
 * @returns process ids; empty: nobody, or no such file
 */
export async function lockHolders (file: string, platform: string = process.platform): Promise<number[]> {
  try {
    return platform === 'linux' ? await fromProc(file) : await fromLsof(file)
  } catch (e) {
    if (codeOf(e) === 'ENOENT') return []
    throw e
  }
}

async function fromProc (file: string): Promise<number[]> {
  const { ino, dev } = await stat(file, { bigint: true })
  const real = await realpath(file)
  const pids: number[] = []
  for (const line of (await readFile('/proc/locks', 'utf8')).split('\n')) {
    const [, pid, major, minor, inode] = /^\d+: (?:-> )?\S+ +\S+ +\S+ +(-?\d+) ([0-9a-f]+):([0-9a-f]+):(\d+) /.exec(line) ?? []
    if (inode === undefined || BigInt(inode) !== ino) continue
    // The device is another one than stat's on btrfs and overlayfs: then the process must have the file open.
    if (deviceOf(major!, minor!) === dev || await hasOpen(Number(pid), real)) pids.push(Number(pid))
  }
  return pids
}

/** As stat has it (glibc's gnu_dev_makedev). */
function deviceOf (majorHex: string, minorHex: string): bigint {
  const [major, minor] = [BigInt(`0x${majorHex}`), BigInt(`0x${minorHex}`)]
  return ((major & 0xfffn) << 8n) | (minor & 0xffn) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n)
}

async function hasOpen (pid: number, real: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`
  for (const fd of await readdir(folder).catch(() => [])) if (await readlink(`${folder}/${fd}`).catch(() => '') === real) return true
  return false
}

async function fromLsof (file: string): Promise<number[]> {
  await stat(file)
  const { stdout } = await promisify(execFile)('lsof', ['-t', '--', file]).catch(() => ({ stdout: '' })) // it fails where nobody has it
  return stdout.split('\n').filter(line => /^\d+$/.test(line)).map(Number)
}
