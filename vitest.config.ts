import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

/** unit: beside the files. sim: seeded worlds. e2e: real peers on loopback. crash: roles as processes, killed. net needs root and packages that .ci/net brings; real and interop bring theirs as root, interop with Go. */
const project = (name: string, include: string[], testTimeout: number, more: { globalSetup?: string } = {}) => ({
  extends: true as const,
  test: { name, include, testTimeout, hookTimeout: testTimeout, ...more },
})

export default defineConfig({
  resolve: { conditions: ['quern-source'] },
  ssr: { resolve: { conditions: ['quern-source'] } },
  test: {
    pool: 'forks',
    // by itself vitest leaves one core alone, which on a machine of two is half of it while networks mostly wait
    maxWorkers: Math.max(2, availableParallelism()),
    // Node 22 lacks it; a no-op on Node 24
    setupFiles: ['./core/disposal/index.ts'],
    // roles that a test starts as processes find this program compiled: the half of what a start takes
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compile', import.meta.url)) },
    projects: [
      project(
        'unit',
        ['{schemas,core,dao,node,validator,sim,cli}/**/*.test.ts', 'tests/*.test.ts', 'tests/{unit,compliance,vectors}/**/*.test.ts'],
        60_000,
      ),
      project('sim', ['tests/sim/**/*.test.ts', 'docs/examples/**/*.test.ts'], 180_000),
      project('e2e', ['tests/e2e/**/*.test.ts'], 300_000),
      project('crash', ['tests/crash/**/*.test.ts'], 240_000),
      project('net', ['tests/net/**/*.test.ts'], 300_000),
      project('docker', ['tests/docker/**/*.test.ts'], 300_000),
      project('real', ['tests/real/**/*.test.ts'], 900_000, { globalSetup: 'tests/real/prepare.ts' }),
      project('interop', ['tests/interop/**/*.test.ts'], 900_000, { globalSetup: 'tests/interop/prepare.ts' }),
    ],
  },
})
