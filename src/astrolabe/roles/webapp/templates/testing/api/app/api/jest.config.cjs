const { availableParallelism } = require('node:os');

/** @type {import('jest').Config} */
module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/tests'],
  transform: {
    '^.+\\.ts$': ['@swc/jest', { jsc: { target: 'es2022', parser: { syntax: 'typescript' } } }],
  },
  setupFiles: ['<rootDir>/tests/support/environment.ts'],
  setupFilesAfterEnv: ['<rootDir>/tests/support/database.ts'],
  testTimeout: 20_000,
  // A file leaves some of the application in memory: workers end in time, and there are few of them.
  maxWorkers: Math.max(1, Math.min(4, availableParallelism() - 1)),
  workerIdleMemoryLimit: '384MB',
  collectCoverageFrom: [
    'src/**/*.ts',
    '!src/generated/**',
    '!src/{admin,seed,server}.ts',
    '!src/openapi/print.ts',
  ],
  coverageProvider: 'v8',
  coverageReporters: ['text-summary', 'json-summary', 'lcovonly'],
  coverageThreshold: { global: { branches: 75, functions: 85, lines: 90, statements: 90 } },
};
