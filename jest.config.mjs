export default {
  testEnvironment: '<rootDir>/tools/jest-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/packages/*/test/**/*.test.ts', '<rootDir>/e2e/test/**/*.test.ts'],
  modulePathIgnorePatterns: ['/dist/'],
  maxWorkers: 2,
  moduleNameMapper: { '^fast-check$': '<rootDir>/tools/seeded-fast-check.mjs' },
  testTimeout: 300_000, // nothing is asserted about time; a busy machine only takes longer
  transform: {
    '^.+\\.ts$': ['@swc/jest', {
      jsc: { target: 'es2022', experimental: { keepImportAttributes: true }, parser: { syntax: 'typescript', explicitResourceManagement: true } },
      module: { type: 'es6' },
      sourceMaps: 'inline',
    }],
  },
}
