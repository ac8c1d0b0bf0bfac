import { readdirSync, readFileSync } from 'node:fs'

/** Process ids of the nodes that run for a home, by their arguments in /proc (Linux). A process that is ending does not count. */
export function nodeProcesses (home: string): number[] {
  return readdirSync('/proc').filter(name => /^\d+$/.test(name)).map(Number).filter(pid => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return words.includes(home) && words.includes('--home')
    } catch {
      return false
    }
  })
}

/** Waits until no node runs for a home, ending what is left by its process id. */
export async function endNodes (home: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    const pids = nodeProcesses(home)
    if (pids.length === 0) return
    for (const pid of pids) try { process.kill(pid, tries < 100 ? 'SIGTERM' : 'SIGKILL') } catch { /* ended just now */ }
    await new Promise(resolve => { setTimeout(resolve, 50) })
  }
}
