import { generateKeyPair } from '@libp2p/crypto/keys'
import { circuitRelayServer } from '@libp2p/circuit-relay-v2'
import { identify } from '@libp2p/identify'
import type { PrivateKey } from '@libp2p/interface'
import type { ByteChannel } from '../../src/net/byte-channel.ts'
import { createLeanLibp2p } from '../../src/net/lean-libp2p.ts'
import { openChannel } from '../../src/net/open-channel.ts'

export interface TestRelay extends AsyncDisposable {
  readonly peerId: string
  readonly privateKey: PrivateKey
  /** `/ip4/127.0.0.1/tcp/<port>/p2p/<relay id>` */
  readonly address: string
  /** A stream of the relay's own to a peer that is connected. */
  open(peerId: string, protocol: string): Promise<ByteChannel>
}

/**
 * A circuit relay on 127.0.0.1 with the limits that relays have by default: 128 KiB and two minutes a connection.
 * @param before one that has stopped: this one has its port and its key
 */
export async function testRelay (before?: TestRelay): Promise<TestRelay> {
  const privateKey = before?.privateKey ?? await generateKeyPair('Ed25519')
  const relay = await createLeanLibp2p({
    privateKey,
    listen: [`/ip4/127.0.0.1/tcp/${before?.address.split('/')[4] ?? 0}`],
    services: { identify: identify(), relay: circuitRelayServer() },
  })
  await relay.start()
  return {
    peerId: relay.peerId.toString(),
    privateKey,
    address: relay.getMultiaddrs()[0]!.toString(),
    open: async (peerId, protocol) => await openChannel(relay, [peerId], protocol),
    async [Symbol.asyncDispose] () { await relay.stop() },
  }
}
