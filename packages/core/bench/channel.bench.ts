// How fast bytes move over a ByteChannel (tcp, noise, yamux) between two processes on loopback, beside plain TCP, and what the reading
// process pays for 1 GB in processor seconds, which a busy machine disturbs less. Prints JSON lines.
import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import net from 'node:net'
import { performance } from 'node:perf_hooks'
import { fileURLToPath } from 'node:url'
import { multiaddr } from '@multiformats/multiaddr'
import { toLibp2pKey } from '../src/identity/libp2p-key.ts'
import { PeerKey } from '../src/identity/peer-key.ts'
import { createLeanLibp2p } from '../src/net/lean-libp2p.ts'
import { libp2pChannel } from '../src/net/libp2p-channel.ts'

const TOTAL_BYTES = 256 * 1024 * 1024
const BLOCK = randomBytes(1024 * 1024)
const ROUNDS = 5

if (process.argv[2] === 'serve') await serve()
else await measure()

async function serve (): Promise<void> {
  const node = await createLeanLibp2p({ privateKey: toLibp2pKey(new PeerKey(randomBytes(32))), listen: ['/ip4/127.0.0.1/tcp/0'] })
  await node.start()
  await node.handle('/bench/1.0.0', async stream => {
    await using channel = libp2pChannel(stream, '')
    for (let sent = 0; sent < TOTAL_BYTES; sent += BLOCK.length) await channel.write(BLOCK)
  })
  const plain = net.createServer(socket => {
    let sent = 0
    const more = (): void => {
      while (sent < TOTAL_BYTES) {
        sent += BLOCK.length
        if (!socket.write(BLOCK)) { socket.once('drain', more); return }
      }
      socket.end()
    }
    more()
  })
  plain.listen(0, '127.0.0.1', () => { process.send!({ address: node.getMultiaddrs()[0]!.toString(), port: (plain.address() as net.AddressInfo).port }) })
  process.once('disconnect', () => { process.exit() })
}

async function measure (): Promise<void> {
  const server = fork(fileURLToPath(new URL('../../../tools/run-ts.mjs', import.meta.url)), [fileURLToPath(import.meta.url), 'serve'])
  const { address, port } = await new Promise<{ address: string, port: number }>(resolve => { server.once('message', m => { resolve(m as { address: string, port: number }) }) })
  const node = await createLeanLibp2p({ privateKey: toLibp2pKey(new PeerKey(randomBytes(32))), listen: [] })
  await node.start()
  const channel: Round[] = []
  const tcp: Round[] = []
  for (let i = 0; i < ROUNDS; i++) {
    channel.push(await timed(async () => libp2pChannel(await node.dialProtocol(multiaddr(address), '/bench/1.0.0'), '').source))
    tcp.push(await timed(async () => net.connect(port, '127.0.0.1')))
  }
  print('plain tcp', tcp)
  print('byte channel', channel)
  await node.stop()
  server.disconnect()
}

interface Round { readonly ms: number, readonly cpuMs: number }

async function timed (open: () => Promise<AsyncIterable<Uint8Array>>): Promise<Round> {
  const start = performance.now()
  const before = process.cpuUsage()
  let read = 0
  for await (const chunk of await open()) read += chunk.length
  if (read !== TOTAL_BYTES) throw new Error(`${read} of ${TOTAL_BYTES} bytes`)
  const { user, system } = process.cpuUsage(before)
  return { ms: performance.now() - start, cpuMs: (user + system) / 1e3 }
}

function median (values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!
}

function print (name: string, rounds: readonly Round[]): void {
  const medianMs = median(rounds.map(({ ms }) => ms))
  const cpuSPerGb = Math.round(median(rounds.map(({ cpuMs }) => cpuMs)) * 1e8 / TOTAL_BYTES) / 100
  process.stdout.write(`${JSON.stringify({ bench: 'channel', name, medianMs: Math.round(medianMs), megabytesPerSecond: Math.round(TOTAL_BYTES / 1e3 / medianMs), cpuSPerGb, node: process.version })}\n`)
}
