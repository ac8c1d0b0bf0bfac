import { run } from '../rivals/run.ts'

/** User and system time of a shell script and of everything it waited for. @param args `$1` and on @returns seconds */
export async function cpuOf (script: string, args: readonly string[], options: Parameters<typeof run>[2] = {}): Promise<number> {
  const out = await run('bash', ['-ec', 'TIMEFORMAT="%U %S"; { time { eval "$0"; } >/dev/null 2>&3; } 3>&2 2>&1', script, ...args], options)
  const [user, system] = (out.trim().split('\n').at(-1) ?? '').split(' ').map(Number)
  return user! + system!
}
