import { command, group, type CommandGroup } from './command-table.ts'
import type { Io } from './io.ts'
import type { NodeControl } from './node-control.ts'

/**
 * `<tool> node status|stop|logs`: enough to look after the shared node where `ipkit` is not installed.
 * @param stops what stopping means for this tool, for the help page
 */
export const nodeGroup = (control: (io: Io) => Promise<NodeControl>, stops: string): CommandGroup => group('node', 'look after the shared node', [
  command({ name: 'status', describe: 'whether it runs, and where', run: async io => (await import('./node-reports.ts')).nodeStatus(await control(io)) }),
  command({ name: 'stop', describe: stops, run: async io => (await import('./node-reports.ts')).nodeStop(await control(io)) }),
  command({ name: 'logs', describe: 'the end of its log', run: async io => (await import('./node-reports.ts')).nodeLogs(await control(io), io) }),
])
