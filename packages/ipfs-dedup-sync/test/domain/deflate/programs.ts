import type { Producer } from '../../../src/domain/deflate/encoder-parameters.ts'
import { gzipProgram, nodeZlib, pythonZlib, zipProgram, type Encode } from './reference-encoders.ts'

export interface Program { readonly producer: Producer, readonly needs: readonly string[], readonly encode: Encode, readonly perProcess: 'one' | 'many' }

/** Whose bytes each of the parameters give. */
export const PROGRAMS: readonly Program[] = [
  { producer: 'zlib', needs: ['python3'], encode: pythonZlib(8), perProcess: 'many' },
  { producer: 'zlib-mem9', needs: ['python3'], encode: pythonZlib(9), perProcess: 'many' },
  { producer: 'chromium', needs: [], encode: nodeZlib, perProcess: 'many' },
  { producer: 'info-zip', needs: ['zip'], encode: zipProgram, perProcess: 'many' },
  { producer: 'gnu-gzip', needs: ['gzip'], encode: gzipProgram('gzip'), perProcess: 'one' },
  { producer: 'pigz', needs: ['pigz'], encode: gzipProgram('pigz', '-p', '2'), perProcess: 'one' },
  { producer: 'pigz-single', needs: ['pigz'], encode: gzipProgram('pigz', '-p', '1'), perProcess: 'one' },
  { producer: 'pigz-independent', needs: ['pigz'], encode: gzipProgram('pigz', '-p', '2', '-i'), perProcess: 'one' },
]
