import * as nodeFs from 'node:fs/promises'
import { createServer } from 'node:net'
import path from 'node:path'
import { formatBytes } from '@ipkit/core/cli/size'
import { formatDuration } from '@ipkit/core/cli/duration'
import { splitList } from '@ipkit/core/config/config-keys'
import { checkHome, checkNodeFiles, shellWord } from '@ipkit/core/config/home-check'
import { readConfig } from '@ipkit/core/config/read-config'
import { ClockEvidence } from '@ipkit/core/daemon/clock-evidence'
import { takeNodeLock } from '@ipkit/core/daemon/node-lock'
import type { SharedNode } from '@ipkit/core/daemon/open-node'
import type { OpenNodeInput } from '@ipkit/core/daemon/open-node-input'
import { RPC_PROTOCOL, agree, type Hello } from '@ipkit/core/daemon/rpc-wire'
import { startFailure } from '@ipkit/core/daemon/start-failure'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { readContacts } from '@ipkit/core/identity/contacts-file'
import { inspectKey } from '@ipkit/core/identity/key-file'
import type { Io } from '@ipkit/core/cli/io'
import { readStatus, type NodeStatus } from '../domain/node-control.ts'
import type { DoctorProbes } from '../domain/doctor.ts'

/** Less than this and the next message may not fit. */
const MIN_FREE_BYTES = 64 * 1024 * 1024

/** Looks at a real home and at the node in it. */
export function homeDoctor (node: SharedNode, input: OpenNodeInput, io: Io): DoctorProbes {
  const { paths } = node
  const { host, env } = input
  const there = (): boolean => { try { return checkHome(paths, host) } catch { return false } }
  const wrong = (code: string, message: string, cure: string, cause?: unknown): AppError => new AppError(code, message, { hints: [cure], cause })
  const hello = async (): Promise<Hello | undefined> => await node.peek(io.signal)
  const status = async (): Promise<NodeStatus | undefined> => {
    const answer = await node.callRunning('node.status', {}, { signal: io.signal, repeatable: true }).catch(() => undefined) // the check 'node' tells why
    return answer === undefined ? undefined : readStatus(answer.value)
  }

  const home = async (): Promise<string> => {
    if (!checkHome(paths, host)) return `${paths.home} does not exist yet; the first command that needs it makes it`
    checkNodeFiles(paths, host)
    return `${paths.home} is yours alone`
  }

  const disk = async (): Promise<string> => {
    const folder = await nearestFolder(paths.home)
    if (there()) {
      const probe = path.join(paths.home, `.doctor-${host.pid}`)
      try {
        await nodeFs.writeFile(probe, new Uint8Array(4096), { mode: 0o600 })
      } catch (e) {
        throw startFailure(e, paths.home)
      } finally {
        await nodeFs.rm(probe, { force: true }).catch(() => {})
      }
    }
    const { bavail, bsize } = await nodeFs.statfs(folder)
    const freeBytes = bavail * bsize
    if (freeBytes < MIN_FREE_BYTES) throw wrong('DISK_FULL', `only ${formatBytes(freeBytes)} are free on the disk of ${folder}; ${formatBytes(MIN_FREE_BYTES)} is the least`, `free some space: df -h ${shellWord(folder)}`)
    return `${formatBytes(freeBytes)} free`
  }

  const settings = async (): Promise<string> => { readConfig(paths.config, env); return 'config.json can be read' }

  const identity = async (): Promise<string> => {
    const key = there() ? await inspectKey(paths.identityKey) : undefined
    return key === undefined ? 'no key yet; the first start makes it' : `${key.peerId}${key.sealed ? ', under a passphrase' : ''}`
  }

  const contacts = async (): Promise<string> => `${(there() ? await readContacts(paths.contacts) : []).length} in the address book`

  const running = async (): Promise<string> => {
    const found = await hello()
    if (found !== undefined) return `pid ${found.pid} answers, version ${found.version}${found.draining ? '; it is about to stop' : ''}`
    const socket = await exists(paths.socket)
    if (await lockHeld(paths.datastore)) throw wrong('NODE_SILENT', `a process holds the lock of ${paths.datastore} but answers no calls`, `wait a moment; if it stays so, see who it is: fuser -v ${shellWord(path.join(paths.datastore, 'LOCK'))}`)
    if (socket) throw wrong('STALE_SOCKET', `${paths.socket} is left over from a node that died`, "the next start cleans it up: 'ipkit start'")
    return 'none is running; a tool that needs it starts it'
  }

  const version = async (): Promise<string> => {
    const found = await hello()
    const speaks = (range: { readonly min: number, readonly max: number }): string => range.min === range.max ? `${range.max}` : `${range.min} to ${range.max}`
    if (found === undefined) return `this ipkit speaks protocol ${speaks(RPC_PROTOCOL)}`
    const agreed = agree(RPC_PROTOCOL, found.protocol)
    if (agreed === 'we are older') throw wrong('VERSION_GAP', `the running node speaks protocol ${speaks(found.protocol)}, this ipkit only ${speaks(RPC_PROTOCOL)}`, 'update ipkit')
    if (agreed === 'they are older') throw wrong('VERSION_GAP', `the running node speaks protocol ${speaks(found.protocol)}, this ipkit needs ${speaks(RPC_PROTOCOL)}`, "'ipkit restart' starts the newer one")
    return `node and ipkit both speak protocol ${agreed}`
  }

  const ports = async (): Promise<string> => {
    const listen = listenOf(paths.config, env)
    const fixed = listen.flatMap(address => { const [, family, ip, , port] = address.split('/'); return port === '0' ? [] : [{ address, family: family!, ip: ip!, port: Number(port) }] })
    const used = (await status())?.addresses
    for (const { address, family, ip, port } of fixed) {
      const taken = used === undefined ? !await canListen(ip, port) : !used.some(a => a.startsWith(`/${family}/`) && a.includes(`/tcp/${port}/`)) && !await canListen(ip, port)
      if (taken) throw wrong('PORT_TAKEN', `another program uses port ${port} (${address}); links that name it do not work`, `see which: ss -ltnp 'sport = :${port}'; or choose another: ipkit config set listen /ip4/0.0.0.0/tcp/PORT`)
    }
    return fixed.length === 0 ? 'any free port is taken' : `${[...new Set(fixed.map(f => f.port))].join(', ')} ${used === undefined ? 'free' : 'in use by the node'}`
  }

  const clock = async (): Promise<string> => {
    if (!there()) return 'no evidence yet'
    const found = ClockEvidence.open(paths.clockEvidence, io.clock).state()
    const cure = "set the clock; if it is right as it is: 'ipkit doctor --accept-clock'"
    if (found.state === 'set-back') throw wrong('CLOCK_SET_BACK', `the clock is ${formatDuration(found.byMs)} behind what this home has already seen`, cure)
    if (found.state === 'jumped-forward') throw wrong('CLOCK_JUMPED', `the clock is ${formatDuration(found.byMs)} ahead of what this home last saw`, cure)
    return 'goes with what this home has seen'
  }

  const services = async (): Promise<string> => {
    const found = await status()
    if (found === undefined) return 'none loaded'
    const failed = found.services.find(service => service.state === 'failed')
    if (failed !== undefined) throw wrong('SERVICE_FAILED', `${failed.name} could not start: ${failed.error ?? 'no reason given'}`, "'ipkit restart', then 'ipkit logs'")
    return found.services.length === 0 ? 'none loaded' : found.services.map(service => service.name).join(', ')
  }

  return {
    checks: [
      { name: 'home', look: home }, { name: 'disk', look: disk }, { name: 'settings', look: settings }, { name: 'identity', look: identity }, { name: 'contacts', look: contacts },
      { name: 'node', look: running }, { name: 'version', look: version }, { name: 'ports', look: ports }, { name: 'clock', look: clock }, { name: 'services', look: services },
    ],
    acceptClock: async () => {
      checkHome(paths, host)
      if (await node.callRunning('node.acceptClock', {}, { signal: io.signal }) === undefined) await ClockEvidence.open(paths.clockEvidence, io.clock).accept()
    },
  }
}

/** A broken config.json is told by its own check; the ports are then those of the defaults. */
function listenOf (file: string, env: Readonly<Record<string, string | undefined>>): readonly string[] {
  try { return readConfig(file, env).listen } catch { return splitList(env['IPKIT_LISTEN'] ?? '') }
}

const exists = async (file: string): Promise<boolean> => await nodeFs.lstat(file).then(() => true, () => false)

async function nearestFolder (folder: string): Promise<string> {
  for (let at = folder; ; at = path.dirname(at)) if (await exists(at) || at === path.dirname(at)) return at
}

/** Only where the datastore exists already: looking must not make one. */
async function lockHeld (datastore: string): Promise<boolean> {
  if (!await exists(path.join(datastore, 'LOCK'))) return false
  try {
    const database = await takeNodeLock(datastore)
    await database?.close()
    return database === undefined
  } catch (e) {
    throw new AppError('DATASTORE_DAMAGED', `the datastore cannot be opened: ${messageOf(e).split('\n')[0]!}`, { cause: e, hints: [`move it away; peers and records are learned again: mv ${shellWord(datastore)} ${shellWord(`${datastore}.damaged`)}`] })
  }
}

async function canListen (ip: string, port: number): Promise<boolean> {
  return await new Promise(resolve => {
    const server = createServer()
    server.once('error', e => { resolve(codeOf(e) !== 'EADDRINUSE' && codeOf(e) !== 'EACCES') })
    server.listen({ host: ip, port, exclusive: true }, () => { server.close(() => { resolve(true) }) })
  })
}
