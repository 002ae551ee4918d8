export { type HostClass, type SimHost, SimSite, type SimSiteOptions } from './sim-site.ts'
export { type SimAnswer, SimWeb, type SimWebOptions } from './sim-web.ts'
