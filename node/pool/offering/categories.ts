/** Which kinds of personal data an event is, in the words of the Data Privacy Vocabulary: what a consent must name, and no more. Pure. */
import type { ActivityEvent, EventType } from '../../../schemas/activity/index.ts'

/** By what somebody did. What somebody measures day by day is of their body until shown otherwise: it counts as health, whichever file it comes from. */
const OF_TYPE: Record<EventType, string> = {
  View: 'pd:ServiceConsumptionBehaviour',
  Listen: 'pd:FavouriteMusic',
  Search: 'pd:BrowsingBehaviour',
  Post: 'pd:SocialMediaCommunication',
  Comment: 'pd:SocialMediaCommunication',
  Like: 'pd:Like',
  Follow: 'pd:SocialNetwork',
  Message: 'pd:Communication',
  Converse: 'pd:Communication',
  Move: 'pd:TravelHistory',
  Measure: 'pd:HealthRecord',
  Install: 'pd:DeviceApplications',
  Purchase: 'pd:Purchase',
}

/** Every category that this event belongs to. */
export function categoriesOf({ type, source, object }: ActivityEvent): string[] {
  const found = [ofWhat(type, source, object.kind)]
  if (object.place !== undefined) found.push('pd:GPSCoordinate')
  return found
}

function ofWhat(type: EventType, source: ActivityEvent['source'], kind: string): string {
  if (source === 'apple-health') return 'pd:HealthRecord'
  if (type === 'View' && source === 'netflix') return 'pd:TVViewingBehaviour'
  if (type === 'View' && kind === 'page') return 'pd:BrowserHistory'
  return OF_TYPE[type]
}

/** All that `categoriesOf` may say. */
export const CATEGORIES: ReadonlySet<string> = new Set([
  ...Object.values(OF_TYPE),
  'pd:GPSCoordinate',
  'pd:HealthRecord',
  'pd:TVViewingBehaviour',
  'pd:BrowserHistory',
])
