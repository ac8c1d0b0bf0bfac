import * as nodeFs from 'node:fs/promises'
import path from 'node:path'
import { shellWord } from '@ipkit/core/config/home-check'
import type { HostFacts } from '@ipkit/core/config/host-facts'
import { findNpm, runNpm } from './npm-program.ts'

/** What the doctor looks at that no other port shows. */
export interface MachineProbes {
  /** npm's version; undefined: there is none. @throws AppError NPM_FAILED */
  npm(signal: AbortSignal): Promise<string | undefined>
  /** What is wrong with who may write in a folder; undefined: nothing, or there is no such folder. */
  folderTrouble(folder: string): Promise<{ readonly message: string, readonly cure: string } | undefined>
  exists(file: string): Promise<boolean>
}

export const machineProbes = (host: HostFacts, env: Readonly<Record<string, string | undefined>>): MachineProbes => ({
  async npm (signal) {
    const npm = findNpm(host.execPath, env)
    if (npm === undefined) return undefined
    const lines: string[] = []
    await runNpm({ npm, node: host.execPath, env }, ['--version'], path.dirname(host.execPath), line => { lines.push(line) }, signal)
    return lines.find(line => /^\d+\.\d+/.test(line)) ?? 'is there'
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
