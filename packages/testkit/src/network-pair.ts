/**
 * Two networks that are joined by one cable and lead nowhere else: Linux network namespaces, made without root and gone with the processes
 * that hold them. For what would multicast on a real network.
 */
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

export interface Network {
  readonly ip: string
  /** `command` inside this network: what `spawn` takes. */
  inside(command: string, args: readonly string[]): [string, string[]]
  /** Packets that left it over the cable. */
  packetsSent(): Promise<number>
}

export interface NetworkPair extends AsyncDisposable { readonly networks: readonly [Network, Network] }

const runFile = promisify(execFile)

/** What this machine lacks for `networkPair`, in words. */
export function lackingForNetworkPair (): string | undefined {
  try {
    execFileSync('unshare', ['-rn', 'unshare', '-n', 'ip', 'link', 'add', 'x', 'type', 'veth', 'peer', 'name', 'y'], { stdio: 'ignore' })
    execFileSync('nsenter', ['--version'], { stdio: 'ignore' })
    return undefined
  } catch {
    return 'network namespaces (unshare, nsenter, ip)'
  }
}

/** 10.77.0.1 and 10.77.0.2, IPv4 only, with a route for multicast. Dispose of it after what runs inside has ended. */
export async function networkPair (): Promise<NetworkPair> {
  const holders: ChildProcess[] = []
  const hold = async (command: string, args: readonly string[]): Promise<number> => {
    const holder = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] })
    holders.push(holder)
    await once(holder.stdout, 'data') // it is inside now
    return holder.pid!
  }
  const dispose = async (): Promise<void> => {
    for (const holder of holders.toReversed()) {
      const ended = once(holder, 'close')
      holder.stdin!.end()
      await ended
    }
  }
  const network = (pid: number, ip: string): Network => {
    const inside: Network['inside'] = (command, args) => ['nsenter', ['-t', `${pid}`, '-U', '-n', '--preserve-credentials', command, ...args]]
    return {
      ip,
      inside,
      async packetsSent () {
        const { stdout } = await runFile(...inside('ip', ['-s', '-j', 'link', 'show', 'dev', 'cable']))
        return (JSON.parse(stdout) as Array<{ stats64: { tx: { packets: number } } }>)[0]!.stats64.tx.packets
      },
    }
  }
  try {
    const wait = 'echo ready; exec cat'
    const first = network(await hold('unshare', ['-rn', 'sh', '-c', wait]), '10.77.0.1')
    const pid = await hold(...first.inside('unshare', ['-n', 'sh', '-c', wait]))
    const second = network(pid, '10.77.0.2')
    await runFile(...first.inside('ip', ['link', 'add', 'cable', 'type', 'veth', 'peer', 'name', 'cable', 'netns', `${pid}`]))
    for (const { ip, inside } of [first, second]) {
      await runFile(...inside('sh', ['-ec', `
        echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6 || true
        echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 || true
        echo 1 >/proc/sys/net/ipv6/conf/cable/disable_ipv6 || true
        ip link set lo up
        ip address add ${ip}/24 dev cable
        ip link set cable up
        ip route add 224.0.0.0/4 dev cable`]))
    }
    return { networks: [first, second], [Symbol.asyncDispose]: dispose }
  } catch (e) {
    await dispose()
    throw e
  }
}
