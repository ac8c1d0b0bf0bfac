import { hostFacts, type HostFacts } from '../config/host-facts.ts'

/** Of this process. `node:os` is loaded when HOME is not set and the account's home directory is asked for. */
export const processFacts = (): HostFacts => hostFacts(process, () => process.getBuiltinModule('node:os').homedir())
