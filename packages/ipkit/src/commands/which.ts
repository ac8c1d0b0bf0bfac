import type { Io } from '@ipkit/core/cli/io'
import { document, type Outcome } from '@ipkit/core/cli/outcome'
import { factsText } from '@ipkit/core/cli/table'
import type { IpkitDeps } from './deps.ts'

const CHOICES = { own: "the home's own node", unix: 'the node at a socket', none: 'no node at all' } as const

/** `ipkit which`: what commands would talk to and why; gives an embedder the endpoint. Starts nothing. */
export async function which (deps: IpkitDeps, io: Io): Promise<Outcome> {
  const found = await (await deps.node(io)).which()
  return document(found, factsText([
    ['node', `${CHOICES[found.choice]} (${found.why})`],
    ['endpoint', found.endpoint ?? undefined],
    ['home', found.home],
    ['running', found.running ? `yes, version ${found.version ?? 'unknown'}` : 'no; a tool that needs it starts it'],
    ['Kubo', found.kubo === null ? undefined : `seen at ${found.kubo}; 'ipkit config set kubo on' connects to it`],
  ]))
}
