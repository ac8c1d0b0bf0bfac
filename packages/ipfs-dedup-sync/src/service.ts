/** The composition root inside the node: methods, protocol and timers, bound to the rules and to the real disk and network. */
import type { RpcCall, RpcReply, Service, ServiceScope } from '@ipkit/core/daemon/service'
import { AppError } from '@ipkit/core/errors/app-error'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { check } from '@ipkit/core/schema/schema'
import { toJson } from '@ipkit/core/schema/to-json'
import { distFolder } from './adapters/dist-folder.ts'
import { openSync, type OpenSync } from './adapters/open-sync.ts'
import { LEASE_STEP_MS } from './domain/serving/serving-lease.ts'
import { scopeOf, setServed } from './domain/serving/serve-target.ts'
import { addToShelf, publishVersion } from './domain/syncing/adding.ts'
import { diffTargets } from './domain/syncing/diff-targets.ts'
import { forgetTarget } from './domain/syncing/forgetting.ts'
import { askForHead } from './domain/syncing/following.ts'
import { findNameTarget } from './domain/syncing/find-target.ts'
import { listNames, listRoots, logOf } from './domain/syncing/listing.ts'
import { pullTarget } from './domain/syncing/pulling.ts'
import { renewOwn } from './domain/versions/renew-own.ts'
import { pushTarget } from './domain/syncing/pushing.ts'
import { addedResult, logItem, movedResult, nameItem, publishedResult, rootItem, ruleResult, servedResult } from './domain/syncing/results.ts'
import type { Work } from './domain/syncing/sync-ports.ts'
import { verifyRoots } from './domain/syncing/verifying.ts'
import { watchName } from './domain/syncing/watching.ts'
import { syncRpc, type RpcMethod } from './rpc.ts'

const service: Service = { name: 'dedup-sync', contract: 1, start }
export default service

async function start (scope: ServiceScope): Promise<AsyncDisposable> {
  const stop = new AbortController()
  const signal = AbortSignal.any([scope.signal, stop.signal])
  const report = (what: string, error: unknown): void => {
    scope.log.warn(what, error === undefined ? {} : { code: codeOf(error), error: messageOf(error) })
  }
  const opened = await openSync(scope, { signal, report, dist: distFolder(import.meta.dirname) })
  offerStoring(scope, opened, signal)
  offerMoving(scope, opened, signal)
  offerServing(scope, opened)
  offerListing(scope, opened, signal)
  const running = tend(scope, opened, signal, report)
  return {
    async [Symbol.asyncDispose] () {
      stop.abort(new Error('ipfs-dedup-sync is stopping'))
      await running
      await opened[Symbol.asyncDispose]()
    },
  }
}

function offerStoring (scope: ServiceScope, { deps, serving }: OpenSync, signal: AbortSignal): void {
  on(scope, syncRpc.add, async (params, call) => {
    const kept = await addToShelf(deps, { ...params, upload: call.upload }, workOf(call, signal))
    await serving.look()
    return result(addedResult(kept, scope.net))
  })
  on(scope, syncRpc.publish, async (params, call) => {
    const published = await publishVersion(deps, { ...params, upload: call.upload }, workOf(call, signal))
    await serving.look()
    return result(publishedResult(published, scope.net))
  })
  on(scope, syncRpc.forget, async ({ target }) => {
    const { roots, name, nameForgotten } = await forgetTarget(deps, target)
    await serving.look()
    return result({ roots, name: name ?? null, nameForgotten })
  })
  on(scope, syncRpc.gc, async (_params, call) => {
    const work = workOf(call, signal)
    return result(await deps.shelf.gc({ signal: work.signal, onProgress: doneBytes => { work.onProgress({ step: 'freeing', doneBytes }) } }))
  })
  on(scope, syncRpc.verify, async ({ target, repair }, call) => items(verifyRoots(deps, target ?? undefined, repair, workOf(call, signal))))
  on(scope, syncRpc.stat, async () => result(await deps.shelf.stat()))
}

function offerMoving (scope: ServiceScope, { deps, serving }: OpenSync, signal: AbortSignal): void {
  on(scope, syncRpc.pull, async ({ output, ...params }, call) => {
    const pulled = await pullTarget(deps, { ...params, output: output ?? undefined }, workOf(call, signal))
    await serving.look()
    return result(movedResult(pulled))
  })
  on(scope, syncRpc.content, async ({ root }, call) => {
    const restored = await deps.outlet.restore(root, workOf(call, signal).signal)
    if (restored.kind === 'folder') throw new AppError('ROOT_IS_FOLDER', `${root} is a folder, and no bytes to print`, { exit: 'usage', hints: ['name a folder to write it to: -o FOLDER'] })
    return { kind: 'bytes', source: restored.bytes }
  })
  on(scope, syncRpc.push, async ({ target, to }, call) => result(movedResult(await pushTarget(deps, target, to, workOf(call, signal)))))
  on(scope, syncRpc.watch, async ({ output, ...params }, call) => items((async function * () {
    for await (const { pulled, atMs } of watchName(deps, { ...params, output: output ?? undefined }, workOf(call, signal))) {
      await serving.look()
      yield { ...movedResult(pulled), at: atMs, note: pulled.commit?.note ?? '' }
    }
  })()))
}

function offerServing (scope: ServiceScope, { deps, serving }: OpenSync): void {
  on(scope, syncRpc.allow, async ({ peer, target }) => {
    const at = await scopeOf(deps, target ?? undefined)
    return result(ruleResult(at, await deps.policy.allow(at, peer ?? undefined)))
  })
  on(scope, syncRpc.deny, async ({ peer, target }) => {
    const at = await scopeOf(deps, target ?? undefined)
    return result(ruleResult(at, await deps.policy.deny(at, peer ?? undefined)))
  })
  on(scope, syncRpc.rules, async () => items((async function * () {
    for await (const { scope: at, rule } of deps.policy.rules()) yield ruleResult(at, rule)
  })()))
  for (const [m, served] of [[syncRpc.serve, true], [syncRpc.unserve, false]] as const) {
    on(scope, m, async ({ target }) => {
      const state = await setServed(deps, target, served)
      await serving.look()
      return result(servedResult(state))
    })
  }
}

function offerListing (scope: ServiceScope, { deps }: OpenSync, signal: AbortSignal): void {
  on(scope, syncRpc.log, async ({ target, from }, call) => {
    if (from.length > 0) await askForHead(deps, (await findNameTarget(deps, target)).name, from, workOf(call, signal).signal)
    return items((async function * () { for await (const version of logOf(deps, target)) yield logItem(version) })())
  })
  on(scope, syncRpc.diff, async ({ a, b }, call) => items(diffTargets(deps, a, b, workOf(call, signal).signal)))
  on(scope, syncRpc.roots, async () => items((await listRoots(deps)).map(rootItem)))
  on(scope, syncRpc.names, async () => items((await listNames(deps)).map(nameItem)))
}

/** What has to be done now and then: records of ours are renewed, the lease is held. */
async function tend (scope: ServiceScope, { deps, serving }: OpenSync, signal: AbortSignal, report: (what: string, error: unknown) => void): Promise<void> {
  while (!signal.aborted) {
    await serving.look().catch((e: unknown) => { report('the lease of what is served', e) })
    await renewOwn(deps).catch((e: unknown) => { report('renewing records', e) })
    await scope.clock.sleep(LEASE_STEP_MS, signal).catch(() => {})
  }
}

const workOf = (call: RpcCall, signal: AbortSignal): Work => ({ signal: AbortSignal.any([call.signal, signal]), onProgress: event => { call.progress(event) } })

function on<P, R> (scope: ServiceScope, m: RpcMethod<P, R>, handler: (params: P, call: RpcCall) => Promise<RpcReply>): void {
  scope.rpc(m.method, async (params, call) => await handler(check(m.params, params, 'params'), call))
}

const result = (value: unknown): RpcReply => ({ kind: 'result', value: toJson(value) })

const items = (source: Iterable<unknown> | AsyncIterable<unknown>): RpcReply => ({
  kind: 'items',
  items: (async function * () { for await (const item of source) yield toJson(item) })(),
})
