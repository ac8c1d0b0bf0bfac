import { resolvePeer, type Contact } from '@ipkit/core/identity/contacts'
import { runCli, type CliRun, type CliRunOptions } from '@ipkit/testkit/run-cli/run-cli'
import { cli } from '../src/cli.ts'
import type { SyncCliDeps } from '../src/commands/deps.ts'
import { fakeNode, type Answers, type FakeNode } from './fake-node.ts'

export interface SyncRun extends Omit<CliRunOptions, 'node'> { readonly node?: Answers, readonly contacts?: readonly Contact[] }
export interface SyncRan extends CliRun { readonly calls: FakeNode['calls'] }

/** One run of `ipfs-dedup-sync` on a node that answers as it is told. */
export async function runSync (argv: readonly string[], { node: answers = {}, contacts = [], ...options }: SyncRun = {}): Promise<SyncRan> {
  const deps: SyncCliDeps = {
    async addressesOf (_io, peer) {
      const { addresses, peerId } = resolvePeer(contacts, peer)
      return addresses.length > 0 || peerId === undefined ? addresses : [peerId]
    },
    peerIdOf: async (_io, peer) => resolvePeer(contacts, peer).peerId,
    umask: () => 0o22,
    nodeControl: async () => ({ status: async () => undefined, stop: async () => false, logLines: async () => ({ file: '/home/node.log', lines: [] }) }),
  }
  const node = fakeNode(answers)
  return { ...await runCli(cli(deps), argv, { node, ...options }), calls: node.calls }
}
