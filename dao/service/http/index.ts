export { createApi, describeApi } from './api.ts'
export { listen } from './listen.ts'
