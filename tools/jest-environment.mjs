// jest's environment for node, in a context without interceptors: those make every use of a global (Uint8Array, Math, BigInt) a call
// into C++, which is what code that computes spends most of its time on. jest passes its own object to vm.createContext and has no option.
import vm from 'node:vm'
import { TestEnvironment } from 'jest-environment-node'

export default class PlainContextEnvironment extends TestEnvironment {
  constructor (...args) {
    const { createContext } = vm
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY)
    try { super(...args) } finally { vm.createContext = createContext }
  }
}
