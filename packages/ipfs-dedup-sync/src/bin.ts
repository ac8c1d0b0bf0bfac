import { runProcess } from '@ipkit/core/cli/process-io'
import { sharedNodeDoor } from '@ipkit/core/cli/shared-node-door'
import { realDeps } from './adapters/real-deps.ts'
import { cli } from './cli.ts'

// --help and --version never come here: dist/start.cjs answers them.
const tool = { name: 'ipfs-dedup-sync', dist: import.meta.dirname, hasService: true }
void runProcess(cli(realDeps(tool)), sharedNodeDoor(tool))
