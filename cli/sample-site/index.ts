export { type LoggedRequest, type SampleSite, type SampleSiteOptions, serveSampleSite } from './serve.ts'
