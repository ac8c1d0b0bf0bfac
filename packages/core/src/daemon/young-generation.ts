import { setFlagsFromString } from 'node:v8'

/**
 * Keeps V8's young generation from growing: docs/decisions/0031-young-generation.md. To be called before any other code is loaded, and again whenever a worker thread has come up: V8 takes a factor
 * under 2 back, for the whole process, each time that it sets up a heap.
 */
export function keepYoungGenerationSmall (): void {
  setFlagsFromString('--semi-space-growth-factor=1')
}
