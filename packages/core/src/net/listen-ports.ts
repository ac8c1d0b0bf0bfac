import * as nodeFs from 'node:fs/promises'
import net from 'node:net'
import { AppError } from '../errors/app-error.ts'
import { atomicWrite } from '../storage/atomic-write.ts'

/** Which port was given to a configured address, so that it is the same one after a restart: `{ "/ip4/0.0.0.0/tcp/4101": 4101 }`. */
export type KeptPorts = Readonly<Record<string, number>>

export interface ListenPlan {
  /** Multiaddrs with real ports, ready to be listened on. */
  readonly addresses: readonly string[]
  readonly kept: KeptPorts
  /** Said to the user: a port was taken, a family is missing. */
  readonly warnings: readonly string[]
}

const ADDRESS = /^\/(ip[46])\/([^/]+)\/tcp\/([0-9]{1,5})$/

/**
 * Finds a port for each configured address: the kept one, else the configured one, else any free one. Addresses of an IP version
 * that this machine lacks are left out.
 * @param configured `/ip4|ip6/<ip>/tcp/<port>`; port 0 is any @throws AppError LISTEN_INVALID, LISTEN_FAILED
 */
export async function planListen (configured: readonly string[], kept: KeptPorts): Promise<ListenPlan> {
  const addresses: string[] = []
  const newKept: Record<string, number> = { ...kept }
  const warnings: string[] = []
  let fallback = 0 // a second address gets the same free port as the first when it can
  let failure: unknown
  for (const text of configured) {
    const [, family, ip, portText] = ADDRESS.exec(text) ?? []
    if (family === undefined || ip === undefined || Number(portText) > 65535) throw new AppError('LISTEN_INVALID', `cannot listen on ${text}`, { exit: 'usage', hints: ['an address looks like /ip4/0.0.0.0/tcp/4101'] })
    try {
      const wanted = kept[text] ?? Number(portText)
      const port = await firstFree(family, ip, [...new Set([wanted, Number(portText), fallback].filter(p => p !== 0)), 0])
      if (wanted !== 0 && port !== wanted) warnings.push(`port ${wanted} is taken on ${ip}; listening on port ${port}`)
      fallback ||= port
      newKept[text] = port
      addresses.push(`/${family}/${ip}/tcp/${port}`)
    } catch (e) {
      failure = e
      warnings.push(`cannot listen on ${ip} (${(e as NodeJS.ErrnoException).code ?? 'unknown error'})`)
    }
  }
  if (addresses.length === 0 && configured.length > 0) throw new AppError('LISTEN_FAILED', warnings.join('; '), { cause: failure, hints: ['set other addresses: ipkit config set listen <multiaddr>'] })
  return { addresses, kept: newKept, warnings }
}

/** Which of the node's listeners; each has its own part of the file, as two may be configured alike. */
export type Listener = 'p2p' | 'http'

/** @returns empty when the file is missing or unreadable: only the habit is lost */
export async function readKeptPorts (file: string, listener: Listener): Promise<KeptPorts> {
  const stored = (await readPortsFile(file))[listener]
  return Object.fromEntries(Object.entries(stored ?? {}).filter((entry): entry is [string, number] => Number.isInteger(entry[1]) && Number(entry[1]) > 0 && Number(entry[1]) < 65536))
}

export async function writeKeptPorts (file: string, listener: Listener, kept: KeptPorts): Promise<void> {
  await atomicWrite(file, Buffer.from(`${JSON.stringify({ ...await readPortsFile(file), [listener]: kept }, undefined, 2)}\n`), 0o600)
}

async function readPortsFile (file: string): Promise<Partial<Record<Listener, Record<string, unknown>>>> {
  try {
    const stored = JSON.parse(await nodeFs.readFile(file, 'utf8')) as unknown
    return typeof stored === 'object' && stored !== null ? stored : {}
  } catch {
    return {}
  }
}

async function firstFree (family: string, ip: string, ports: readonly number[]): Promise<number> {
  let taken: unknown
  for (const port of ports) {
    try {
      return await probe(family, ip, port)
    } catch (e) {
      const { code } = e as NodeJS.ErrnoException
      if (code !== 'EADDRINUSE' && code !== 'EACCES') throw e
      taken = e
    }
  }
  throw taken
}

async function probe (family: string, host: string, port: number): Promise<number> {
  const server = net.createServer()
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, ipv6Only: family === 'ip6', exclusive: true }, resolve)
  })
  const { port: found } = server.address() as net.AddressInfo
  await new Promise<void>(resolve => { server.close(() => { resolve() }) })
  return found
}
