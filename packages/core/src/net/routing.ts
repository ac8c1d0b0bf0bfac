/** DHTs, loaded only when the config turns them on. */

/** The public network's way in, as Kubo has it. */
export const BOOTSTRAP: readonly string[] = [
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmNnooDu7bfjPFoTZYxMNLWUQJyrVwtbZg5gBMjTezGAJN',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmQCU2EcMqAqQPR2i9bChDtGNJchTbq5TbXJJ16u19uLTa',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmbLHAnMoJPWSCR5Zhtx6BHJX9KiKNN6tpvbUcqanj75Nb',
  '/dnsaddr/bootstrap.libp2p.io/p2p/QmcZf59bWwK5XFi76CZX8cbJ4BhTzzA3gU1ZjYZcYW3dwt',
]

export async function lanDht (): Promise<unknown> {
  const { kadDHT, passthroughMapper } = await import('@libp2p/kad-dht')
  // Without the mapper private addresses are dropped and the tables stay empty.
  return kadDHT({ protocol: '/ipfs/lan/kad/1.0.0', peerInfoMapper: passthroughMapper, clientMode: false })
}

export async function publicDht (): Promise<unknown> {
  const { kadDHT, removePrivateAddressesMapper } = await import('@libp2p/kad-dht')
  return kadDHT({ protocol: '/ipfs/kad/1.0.0', peerInfoMapper: removePrivateAddressesMapper, clientMode: true })
}
