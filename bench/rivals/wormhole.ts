import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { canRun, run } from './run.ts'

/**
 * magic-wormhole, both ends on this machine, with its mailbox server and transit relay beside it. All four run in a network namespace that
 * has nothing but a loopback interface, so the two ends find each other on 127.0.0.1 directly, as they would on a LAN, and nothing can
 * leave the machine. Timed is from the start of `send` to the end of `receive`, with the file synced: what a person waits for.
 */
export async function wormholeRuns (): Promise<boolean> {
  return await canRun('wormhole') && await canRun('twist3') && await run('unshare', ['-rn', 'true']).then(() => true, () => false)
}

const SCRIPT = `#!/bin/sh
set -eu
file=$1 folder=$2 runs=$3
ip link set lo up
export HOME="$folder" PYTHONWARNINGS=ignore
twist3 wormhole-mailbox --port tcp:4700:interface=127.0.0.1 --channel-db=:memory: >"$folder/mailbox.log" 2>&1 &
mailbox=$!
twist3 transitrelay --port tcp:4701:interface=127.0.0.1 >"$folder/relay.log" 2>&1 &
relay=$!
trap 'kill $mailbox $relay' EXIT
for _ in $(seq 100); do (exec 3<>/dev/tcp/127.0.0.1/4700) 2>/dev/null && (exec 3<>/dev/tcp/127.0.0.1/4701) 2>/dev/null && break; sleep 0.1; done
set -- --relay-url ws://127.0.0.1:4700/v1 --transit-helper tcp:127.0.0.1:4701
for n in $(seq "$runs"); do
  rm -f "$folder/received"
  started=$(date +%s.%N)
  wormhole "$@" send --hide-progress --code "$n-bench-mark" "$file" >"$folder/send.log" 2>&1 &
  send=$!
  wormhole "$@" receive --hide-progress --accept-file -o "$folder/received" "$n-bench-mark" >"$folder/receive.log" 2>&1
  sync "$folder/received"
  ended=$(date +%s.%N)
  wait $send
  echo "$started $ended"
done
cmp "$file" "$folder/received"
`

/** @returns seconds of each run */
export async function timeWormhole (file: string, folder: string, runs: number): Promise<number[]> {
  const script = path.join(folder, 'wormhole.sh')
  await writeFile(script, SCRIPT)
  const out = await run('unshare', ['-rn', 'bash', script, file, folder, String(runs)])
  return out.trim().split('\n').map(line => {
    const [started, ended] = line.split(' ').map(Number)
    return ended! - started!
  })
}
