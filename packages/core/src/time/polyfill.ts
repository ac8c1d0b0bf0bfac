// libp2p 3.3 and some of its dependencies call Promise.withResolvers, which Node 20 lacks. Import this first.
if (typeof Promise.withResolvers !== 'function') {
  Promise.withResolvers = function <T> () {
    let resolve!: (value: T | PromiseLike<T>) => void
    let reject!: (reason?: unknown) => void
    const promise = new Promise<T>((_resolve, _reject) => { resolve = _resolve; reject = _reject })
    return { promise, resolve, reject }
  }
}
export {}
