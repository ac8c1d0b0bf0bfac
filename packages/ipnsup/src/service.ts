/** Ipnsup's composition root inside the node: methods, exchange and the keeping of names, bound to the rules and to the real disk and network. */
import type { RpcCall, RpcReply, Service, ServiceScope } from '@ipkit/core/daemon/service'
import { codeOf, messageOf } from '@ipkit/core/errors/code-of'
import { dnsTxt } from '@ipkit/core/net/dns-txt'
import { check } from '@ipkit/core/schema/schema'
import { toJson } from '@ipkit/core/schema/to-json'
import { fullDiskStore } from './adapters/full-disk-store.ts'
import { httpClient } from './adapters/http-client.ts'
import { NetExchange } from './adapters/net-exchange.ts'
import { proxyEnvironment } from './adapters/proxy-environment.ts'
import { openRecordServer } from './adapters/record-server.ts'
import { NameService } from './domain/name-service.ts'
import { Serving } from './domain/serving.ts'
import { ipnsupRpc, type RpcMethod } from './rpc.ts'

const service: Service = { name: 'ipnsup', contract: 1, start }
export default service

async function start (scope: ServiceScope): Promise<AsyncDisposable> {
  const { clock, keys, leases } = scope
  const stop = new AbortController()
  const signal = AbortSignal.any([scope.signal, stop.signal])
  const report = (what: string, error: unknown): void => {
    scope.log.warn(what, error === undefined ? {} : { code: codeOf(error), error: messageOf(error) })
  }
  const store = fullDiskStore(scope.datastore)
  const exchange = new NetExchange({ scope, http: httpClient(proxyEnvironment()), routers: scope.peers.routers, signal, report })
  const serving: Serving = new Serving(store, async listen => await openRecordServer({ desk: names.desk, clock, report: e => { report('a record over HTTP', e) } }, listen))
  const names = await NameService.open({ store, keys, exchange, resolveTxt: dnsTxt(), clock, leases, report, signal, clockState: () => scope.clockState(), isServing: () => serving.isOn })

  offerKeys(scope, names)
  offerNames(scope, names, signal)
  on(scope, ipnsupRpc.serve, async ({ http }) => {
    const urls = await serving.serve(http)
    names.look()
    return result({ urls })
  })
  on(scope, ipnsupRpc.unserve, async () => {
    const served = await serving.unserve()
    names.look()
    return result({ served })
  })
  await exchange.serve(names.desk)
  await serving.resume().catch((e: unknown) => { report('serving records over HTTP', e) })

  const running = names.run()
  return {
    async [Symbol.asyncDispose] () {
      stop.abort(new Error('ipnsup is stopping'))
      await serving.close()
      await running
    },
  }
}

function offerKeys (scope: ServiceScope, names: NameService): void {
  on(scope, ipnsupRpc.keys, async () => items(await names.keys.list()))
  on(scope, ipnsupRpc.keyNew, async ({ key }) => result(await names.keys.create(key)))
  on(scope, ipnsupRpc.keyImport, async ({ key, seed }) => {
    try { return result(await names.keys.import(key, seed)) } finally { seed.fill(0) }
  })
  on(scope, ipnsupRpc.keyExport, async ({ key }) => {
    const exported = await names.keys.export(key)
    try { return result(exported) } finally { exported.seed.fill(0) }
  })
  on(scope, ipnsupRpc.keyRemove, async ({ key }) => result(await names.removeKey(key)))
}

function offerNames (scope: ServiceScope, names: NameService, signal: AbortSignal): void {
  const until = (call: RpcCall): AbortSignal => AbortSignal.any([call.signal, signal])
  on(scope, ipnsupRpc.publish, async params => result(await names.publish(params)))
  on(scope, ipnsupRpc.resolve, async (params, call) => result(await names.resolve(params, until(call))))
  on(scope, ipnsupRpc.record, async ({ name }) => result(await names.record(name)))
  on(scope, ipnsupRpc.importRecord, async params => result(await names.importRecord(params)))
  on(scope, ipnsupRpc.names, async ({ name }) => items(names.names(name)))
  on(scope, ipnsupRpc.sync, async ({ places }, call) => items(names.sync(places, until(call))))
  on(scope, ipnsupRpc.follow, async ({ name }, call) => result(await names.follow(name, until(call))))
  on(scope, ipnsupRpc.unfollow, async ({ name }) => result(await names.unfollow(name)))
  on(scope, ipnsupRpc.forget, async ({ name }) => result(await names.forget(name)))
  on(scope, ipnsupRpc.watch, async ({ name }, call) => items(names.watch(name, until(call))))
}

function on<P, R> (scope: ServiceScope, m: RpcMethod<P, R>, handler: (params: P, call: RpcCall) => Promise<RpcReply>): void {
  scope.rpc(m.method, async (params, call) => await handler(check(m.params, params, 'params'), call))
}

const result = (value: unknown): RpcReply => ({ kind: 'result', value: toJson(value) })

const items = (source: Iterable<unknown> | AsyncIterable<unknown>): RpcReply => ({
  kind: 'items',
  items: (async function * () { for await (const item of source) yield toJson(item) })(),
})
