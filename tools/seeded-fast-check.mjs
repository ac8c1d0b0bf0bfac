// What tests get as 'fast-check': properties are tried with the same examples in every run, so that a run that was green is green. IPKIT_SEED chooses others.
import fc from '../node_modules/fast-check/lib/fast-check.js'

fc.configureGlobal({ seed: Number(process.env.IPKIT_SEED ?? 1) })
export * from '../node_modules/fast-check/lib/fast-check.js'
export default fc
