export type { Block, ReadFile, Space, Storage } from './storage.ts'
