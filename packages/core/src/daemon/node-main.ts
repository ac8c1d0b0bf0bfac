/** The shared node's process begins here. Every tool's build ships it as dist/node-main.js; spawn-node.ts starts it. */
import { setFlagsFromString } from 'node:v8'
import { keepYoungGenerationSmall } from './young-generation.ts'

// Bytes on their way through die young. A young generation that stays small lets go of them soon; one that has grown lets them pile up
// until V8 collects everything, which took a third of the time of a transfer. It grows early, so this comes before all other code.
// Figures: docs/decisions/0031-young-generation.md
keepYoungGenerationSmall()
// And these bytes count towards the limit at which everything is collected, which V8 sets close to what is in use when it collects often:
// then it collects more often still, ten times a second. Four times what is in use is what it allows a process that collects seldom.
setFlagsFromString('--heap-growing-percent=300')

await import('./node-root.ts')
