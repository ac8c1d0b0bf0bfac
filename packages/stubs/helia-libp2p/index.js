// Stands in for @helia/libp2p, whose defaults bring WebRTC and with it React Native. Why: docs/decisions/0001-lean-helia.md
import { peerIdFromCID } from '@libp2p/peer-id'
import { createLibp2p } from 'libp2p'
import { withArrayBuffer } from 'uint8arrays/with-array-buffer'

const asPeer = (info) => ({ ...info, id: info.id.toCID(), router: 'libp2p-router', fallback: false })

class Libp2pRouter {
  name = 'libp2p-router'
  constructor (libp2p) { this.libp2p = libp2p }
  async provide (cid, options) { await this.libp2p.contentRouting.provide(cid, options) }
  async cancelReprovide (key, options) { await this.libp2p.contentRouting.cancelReprovide(key, options) }
  async * findProviders (cid, options) { for await (const p of this.libp2p.contentRouting.findProviders(cid, options)) { yield asPeer(p) } }
  async put (key, value, options) { await this.libp2p.contentRouting.put(key, value, options) }
  async get (key, options) { return withArrayBuffer(await this.libp2p.contentRouting.get(key, options)) }
  async findPeer (id, options) { return asPeer(await this.libp2p.peerRouting.findPeer(peerIdFromCID(id), options)) }
  async * getClosestPeers (key, options) { for await (const p of this.libp2p.peerRouting.getClosestPeers(key, options)) { yield asPeer(p) } }
}

/**
 * Joins Helia and libp2p. Either `opts.libp2p` is a running node, which Helia then uses and does not stop, or `opts` is the whole
 * libp2p configuration. `opts.router: false`: Helia asks nobody but the peers it is connected to.
 */
export function withLibp2pLight (helia, opts) {
  const { libp2p: running, router = true, ...config } = opts
  let libp2p = running
  Object.defineProperty(helia, 'libp2p', {
    configurable: true,
    enumerable: true,
    get () { if (libp2p == null) { throw new Error('not started') } return libp2p },
  })
  helia.addMixin({
    name: 'libp2p',
    start: async (helia) => {
      if (libp2p == null) { libp2p = await createLibp2p({ datastore: helia.datastore, ...config }) }
      if (router && !helia.hasRouter('libp2p-router')) { helia.addRouter(new Libp2pRouter(libp2p)) }
      if (running == null) { await libp2p.start() }
    },
    stop: async () => { if (running == null) { await libp2p?.stop() } },
  })
  return helia
}
export const withLibp2p = (helia, opts = {}) => withLibp2pLight(helia, opts)
export const libp2pDefaults = () => { throw new Error('no defaults in the lean build') }
