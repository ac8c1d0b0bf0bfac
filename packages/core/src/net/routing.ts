/** DHTs, loaded only when the config turns them on. */
import type { KadDHT, KadDHTComponents, KadDHTInit } from '@libp2p/kad-dht'
import type { Clock } from '../time/clock.ts'

/** The public network's way in, as Kubo has it. */
export const BOOTSTRAP: readonly string[] = [
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt',
]

type MakeDht = (components: KadDHTComponents) => KadDHT

export async function lanDht (clock: Pick<Clock, 'now'>): Promise<MakeDht> {
  const { passthroughMapper } = await import('@libp2p/kad-dht')
  // Without the mapper private addresses are dropped and the tables stay empty.
  return await makeDht(clock, { protocol: '/ipfs/lan/kad/1.0.0', peerInfoMapper: passthroughMapper, clientMode: false, logPrefix: 'libp2p:lan-dht' })
}

export async function publicDht (clock: Pick<Clock, 'now'>): Promise<MakeDht> {
  const { removePrivateAddressesMapper } = await import('@libp2p/kad-dht')
  return await makeDht(clock, { protocol: '/ipfs/kad/1.0.0', peerInfoMapper: removePrivateAddressesMapper, clientMode: true })
}

/** Each with a datastore of its own: libp2p's has no bounds. */
async function makeDht (clock: Pick<Clock, 'now'>, init: KadDHTInit): Promise<MakeDht> {
  const [{ kadDHT }, { dhtIpnsRules }, { DhtDatastore }] = await Promise.all([import('@libp2p/kad-dht'), import('./dht-ipns-rules.ts'), import('./dht-datastore.ts')])
  const rules = dhtIpnsRules(clock)
  const create = kadDHT({
    ...init,
    validators: { ipns: async (key, value) => { await rules.validate(key, value) } },
    selectors: { ipns: (key, values) => rules.select(key, values) },
  })
  const datastore = new DhtDatastore(rules)
  return components => create(new Proxy(components, { get: (all, part) => part === 'datastore' ? datastore : Reflect.get(all, part) as unknown }))
}
