import { MemoryStorage } from '../../core/storage/index.ts'
import { describeStorage } from './storage.ts'

describeStorage('MemoryStorage', { open: () => Promise.resolve(new MemoryStorage()) })
