import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { runCli, type CliRun, type CliRunOptions } from '@ipkit/testkit/run-cli/run-cli'
import { nodeBulkCrypto } from '../src/adapters/node-bulk-crypto.ts'
import { readSecretFile } from '../src/adapters/secret-file.ts'
import { wasmArgon2id } from '../src/adapters/wasm-argon2id.ts'
import { cli } from '../src/cli.ts'
import type { BurnDeps } from '../src/commands/deps.ts'
import { resolvePeer, type Contact } from '@ipkit/core/identity/contacts'
import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import type { Clock } from '@ipkit/core/time/clock'
import type { BurnWorld } from './burn-world.ts'

export interface BurnRun extends CliRunOptions { readonly contacts?: readonly Contact[] }

/** One run of `burn` on a node of the world. */
export async function runBurn (world: { readonly dir: string, readonly clock: Clock }, node: { readonly door: NodeDoor }, argv: readonly string[], options: BurnRun = {}): Promise<CliRun> {
  const deps: BurnDeps = {
    bulkCrypto: async () => nodeBulkCrypto,
    argon2id: async () => wasmArgon2id,
    peerId: async (_io, peer) => resolvePeer(options.contacts ?? [], peer).peerId,
    readSecret: async (io, file, maxBytes) => await readSecretFile(io.cwd, file, maxBytes),
    nodeControl: async () => ({ status: async () => undefined, stop: async () => false, logLines: async () => ({ file: '/home/node.log', lines: [] }) }),
  }
  return await runCli(cli(deps), argv, { node: node.door, cwd: world.dir, clock: world.clock, ...options })
}

export const inWorld = async (world: BurnWorld, file: string): Promise<string> => await readFile(path.join(world.dir, file), 'utf8')
