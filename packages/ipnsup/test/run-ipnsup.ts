import { resolvePeer, type Contact } from '@ipkit/core/identity/contacts'
import { PeerKey } from '@ipkit/core/identity/peer-key'
import { runCli, type CliRun, type CliRunOptions } from '@ipkit/testkit/run-cli/run-cli'
import { cli } from '../src/cli.ts'
import type { IpnsupDeps } from '../src/commands/deps.ts'
import { fakeNode, type Answers, type FakeNode } from './fake-node.ts'

export interface IpnsupRun extends Omit<CliRunOptions, 'node'> { readonly node?: Answers, readonly contacts?: readonly Contact[] }
export interface IpnsupRan extends CliRun { readonly calls: FakeNode['calls'] }

/** One run of `ipnsup` on a node that answers as it is told. */
export async function runIpnsup (argv: readonly string[], { node: answers = {}, contacts = [], ...options }: IpnsupRun = {}): Promise<IpnsupRan> {
  const deps: IpnsupDeps = {
    async addressesOf (_io, peer) {
      const { addresses, peerId } = resolvePeer(contacts, peer)
      return addresses.length > 0 || peerId === undefined ? addresses : [peerId]
    },
    publicKeyOf: async seed => new PeerKey(seed).publicKey,
    nodeControl: async () => ({ status: async () => undefined, stop: async () => false, logLines: async () => ({ file: '/home/node.log', lines: [] }) }),
  }
  const node = fakeNode(answers)
  return { ...await runCli(cli(deps), argv, { node, ...options }), calls: node.calls }
}
