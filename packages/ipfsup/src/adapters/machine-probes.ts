import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import { shellWord } from '@ipkit/core/config/home-check'
import type { HostFacts } from '@ipkit/core/config/host-facts'

/** What the doctor looks at that no other port shows. */
export interface MachineProbes {
  /** npm's version; undefined: there is none. */
  npm(signal: AbortSignal): Promise<string | undefined>
  /** What is wrong with who may write in a folder; undefined: nothing, or there is no such folder. */
  folderTrouble(folder: string): Promise<{ readonly message: string, readonly cure: string } | undefined>
  exists(file: string): Promise<boolean>
}

const NPM_DEADLINE_MS = 20_000

export const machineProbes = (host: HostFacts, env: Readonly<Record<string, string | undefined>>): MachineProbes => ({
  async npm (signal) {
    const beside = path.join(path.dirname(host.execPath), 'npm')
    return await new Promise(resolve => {
      execFile(existsSync(beside) ? beside : 'npm', ['--version'], { env, signal, timeout: NPM_DEADLINE_MS }, (error, stdout) => { resolve(error === null ? stdout.trim() : undefined) })
    })
  },
  async folderTrouble (folder) {
    const stat = await nodeFs.lstat(folder).catch(() => undefined)
    if (stat === undefined) return undefined
    if (!stat.isDirectory() && !stat.isSymbolicLink()) return { message: `${folder} is no folder`, cure: `look at it, then move it away: mv ${shellWord(folder)} ${shellWord(`${folder}.old`)}` }
    const { uid, mode } = await nodeFs.stat(folder)
    if (uid !== host.euid) return { message: `${folder} belongs to user ${uid}, and not to you`, cure: `sudo chown -R ${host.euid} ${shellWord(folder)}` }
    if ((mode & 0o022) !== 0) return { message: `others may write in ${folder} (mode 0${(mode & 0o777).toString(8)})`, cure: `chmod go-w ${shellWord(folder)}` }
    if ((mode & 0o700) !== 0o700) return { message: `you may not write in ${folder} (mode 0${(mode & 0o777).toString(8)})`, cure: `chmod u+rwx ${shellWord(folder)}` }
    return undefined
  },
  exists: async file => await nodeFs.lstat(file).then(() => true, () => false),
})
