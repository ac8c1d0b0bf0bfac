import type { Io } from '@ipkit/core/cli/io'
import { formatBytes } from '@ipkit/core/cli/size'
import { isAppError } from '@ipkit/core/errors/app-error'
import type { IpfsupDeps } from '../commands/deps.ts'
import type { Doctor, Finding } from '../domain/doctor.ts'
import { newestFor } from '../domain/keep-releases.ts'
import { repoVersionByTable } from '../domain/repo-versions.ts'
import { formatVersion, parseVersion, sameVersion } from '../domain/version.ts'
import type { MachineProbes } from './machine-probes.ts'

/** What one check says; `cure` with all that is not as it should be. */
type Look = string | { readonly message: string, readonly cure: string }
type Check = (signal: AbortSignal) => Promise<Look>

/** Looks at everything that is known to go wrong. Each check stands alone: one that fails does not keep the next from being made. */
export function machineDoctor (deps: Omit<IpfsupDeps, 'doctor'>, io: Io, probes: MachineProbes): Doctor {
  const place = deps.place(io)
  const checks: Readonly<Record<string, Check>> = {
    permissions: async () => {
      for (const folder of [place.home, place.ipfsPath, place.releases]) {
        const trouble = await probes.folderTrouble(folder)
        if (trouble !== undefined) return trouble
      }
      return `${place.home} and ${place.releases} are yours alone to write`
    },
    shim: async () => {
      const { shim, shimState } = await (await deps.setup(io)).plan()
      switch (shimState) {
        case 'current': return `${shim} is as this ipfsup makes it`
        case 'missing': return { message: `the command ipfs is not set up: there is no ${shim}`, cure: "'ipfsup init'" }
        case 'outdated': return { message: `${shim} was made by another version of ipfsup, or for another place`, cure: "'ipfsup init'" }
        case 'foreign': return { message: `${shim} is not of ipfsup`, cure: `look at it, move it away, then 'ipfsup init'` }
      }
    },
    path: async () => {
      const { shim, found, blockState, shellFile } = await (await deps.setup(io)).plan()
      if (found === shim) return `ipfs is ${shim}`
      const message = found === undefined ? 'ipfs is not in PATH' : `ipfs is ${found}, and not the one of ipfsup`
      return { message, cure: blockState === 'current' ? `open a new shell, or in this one: . ${shellFile}` : "'ipfsup init'" }
    },
    default: async () => {
      const version = await (await deps.state(io)).default()
      if (version === undefined) return "there is none yet; 'ipfsup update' installs the latest"
      const name = formatVersion(version)
      return await (await deps.releases(io)).find(version) === undefined ? { message: `${name} is the default, and is not installed`, cure: `'ipfsup install ${name}'` } : name
    },
    mirror: async () => {
      const { config, written } = await (await deps.repo(io)).mirrored()
      const version = await (await deps.state(io)).default()
      if (config === undefined) return 'no config names a version; it is written there when there is a config'
      const name = version === undefined ? undefined : formatVersion(version)
      if (config === name) return `Update.Version is ${config}`
      if (config === written && name !== undefined) return { message: `Update.Version is ${config} still, and the default ${name}`, cure: `when no daemon runs: 'ipfsup default ${name}'` }
      return { message: `Update.Version was edited by hand: it is '${config}', and the default ${name ?? 'none'}`, cure: isVersion(config) ? `to have that version: 'ipfsup default ${config}'; else edit it back${name === undefined ? '' : ` to ${name}`}` : `take it out of ${place.ipfsPath}/config` }
    },
    repo: async () => {
      const repo = await deps.repo(io)
      const [has, busy, version] = [await repo.version(), await repo.busy(), await (await deps.state(io)).default()]
      if (has === undefined) return `there is none in ${place.ipfsPath} yet; 'ipfs init' makes it`
      const used = busy === undefined ? '' : `; in use: ${busy}`
      const releases = await deps.releases(io)
      const reads = version?.lang === 'go' ? (await releases.find(version))?.repoVersion ?? repoVersionByTable(version) : undefined
      if (reads === undefined || has <= reads) return `${place.ipfsPath} has version ${has}${used}`
      const able = newestFor(await releases.list(), has)
      return { message: `${place.ipfsPath} has version ${has}, and ${formatVersion(version!)} reads ${reads} at most${used}`, cure: able === undefined ? "'ipfsup update'" : `'ipfsup default ${formatVersion(able.version)}'` }
    },
    'js-repo': async () => {
      if (place.ipfsPath.endsWith('/js-repo')) return { message: `IPFS_PATH is ${place.ipfsPath}, where a js release keeps its own repo`, cure: `unset IPFS_PATH, or: export IPFS_PATH=${place.ipfsPath.slice(0, -'/js-repo'.length)}` }
      // Both have config, version, blocks and datastore_spec; what Kubo calls keystore is keys in js-ipfs, and pins it has alone.
      if (await probes.exists(`${place.ipfsPath}/pins`) && !await probes.exists(`${place.ipfsPath}/keystore`)) return { message: `${place.ipfsPath} is a repo of js-ipfs: Kubo cannot use it`, cure: `with nothing running, move its files but 'releases' to ${place.jsRepo}` }
      return await probes.exists(place.jsRepo) ? `js-ipfs has its own, ${place.jsRepo}` : 'none yet; js-ipfs gets its own'
    },
    leftovers: async () => {
      const found = await (await deps.releases(io)).clean(true)
      if (found.length === 0) return 'none'
      const sizeBytes = found.reduce((sum, leftover) => sum + leftover.sizeBytes, 0)
      const count = new Set(found.map(({ path }) => path.replace(/\.json$/, ''))).size // a download is a part, and beside it what it is a part of
      return { message: `${count === 1 ? 'a download that was broken off' : `${count} downloads that were broken off`}, ${formatBytes(sizeBytes)}`, cure: "go on with it by the same command, or 'ipfsup gc'" }
    },
    'lock-file': async () => {
      const [state, installed] = [await deps.state(io), await (await deps.releases(io)).list()]
      for (const { version, architecture, sha512 } of installed) {
        const locked = await state.lockedHash(version, architecture)
        if (locked !== undefined && locked.sha512 !== sha512) return { message: `${formatVersion(version)} is not what was seen first under this name`, cure: `'ipfsup uninstall ${formatVersion(version)}', then 'ipfsup install' it` }
      }
      return 'agrees with all that is installed'
    },
    origins: async signal => {
      const { origins } = await deps.settings(io)
      const { version, seen, remembered, failures } = await (await deps.latest(io, 'https')).latest('go', { pre: false, offline: false }, signal)
      const [failed] = failures
      if (failed !== undefined || remembered) return { message: failed === undefined ? 'no origin answers' : `${failed.origin} gave no answer: ${failed.message}`, cure: `look whether it can be reached: curl -I ${failed?.origin ?? origins[0] ?? ''}` }
      if (!sameVersion(seen.answer, seen.version)) return { message: `they call ${formatVersion(seen.answer)} the latest, and ${formatVersion(seen.version)} has been seen here`, cure: "compare with another origin: IPFSUP_ORIGINS=<url> ipfsup ls --remote" }
      return `the latest is ${formatVersion(version)}`
    },
    npm: async signal => {
      const version = await probes.npm(signal)
      return version === undefined ? { message: 'npm is not there; js-ipfs is installed by it', cure: 'install npm, beside Node' } : `npm ${version}`
    },
  }
  return {
    async * look (signal) {
      for (const [check, run] of Object.entries(checks)) yield finding(check, await looked(run, signal))
    },
  }
}

const finding = (check: string, look: Look): Finding => typeof look === 'string' ? { check, ok: true, message: look, cure: undefined } : { check, ok: false, ...look }

async function looked (run: Check, signal: AbortSignal): Promise<Look> {
  try {
    return await run(signal)
  } catch (e) {
    if (signal.aborted || !isAppError(e)) throw e
    return { message: e.message, cure: e.hints[0] ?? 'see the message' }
  }
}

function isVersion (text: string): boolean {
  try { parseVersion(text); return true } catch { return false }
}
