import type { NodeDoor } from '@ipkit/core/daemon/node-door'
import { check, type Infer } from '@ipkit/core/schema/schema'
import { toJson } from '@ipkit/core/schema/to-json'
import { syncRpc } from '../src/rpc.ts'

type Rpc = typeof syncRpc
type Params<K extends keyof Rpc> = Infer<Rpc[K]['params']>
type Result<K extends keyof Rpc> = Infer<Rpc[K]['result']>

/** What the node answers to each method: a result, or a list of items. What is thrown is the answer too. */
export type Answers = { readonly [K in keyof Rpc]?: (params: Params<K>) => Result<K> | ReadonlyArray<Result<K>> }

export interface FakeNode extends NodeDoor {
  /** Methods without their prefix, with what they were given, in order. */
  readonly calls: ReadonlyArray<{ readonly method: string, readonly params: unknown }>
}

/** A node that holds to `rpc.ts`: parameters that a real one would refuse are refused, and what is answered crosses as JSON. */
export function fakeNode (answers: Answers = {}): FakeNode {
  const calls: Array<{ method: string, params: unknown }> = []
  const answer = (method: string, params: unknown): unknown => {
    const verb = method.replace(/^dedup-sync\./, '') as keyof Rpc
    const asked = check(syncRpc[verb].params as Rpc['gc']['params'], JSON.parse(JSON.stringify(params)), 'params')
    calls.push({ method: verb, params: asked })
    const given = answers[verb] as ((params: unknown) => unknown) | undefined
    if (given === undefined) throw new Error(`no answer is given for ${verb}`)
    return toJson(given(asked))
  }
  return {
    calls,
    call: async (method, params, options) => {
      for await (const _ of options?.upload ?? []) { /* the node reads it */ }
      return answer(method, params)
    },
    async * list (method, params) { yield * answer(method, params) as unknown[] },
    async * bytes (method, params) { answer(method, params); yield new TextEncoder().encode('what it was\n') },
  }
}
