/** Google Takeout. Folders are named in the account's language, so files are known by what is in them. */
import type { SourceParser } from '../../source.ts'
import { activityHtml, activityJson } from './activity.ts'
import { chrome } from './chrome.ts'
import { keep } from './keep.ts'
import { contacts, profile } from './people.ts'
import { deviceTimeline, records, semantic } from './places.ts'
import { comments, subscriptions } from './youtube-csv.ts'

export const googleTakeout: SourceParser = {
  source: 'google-takeout',
  version: 2,
  kinds: [activityJson, activityHtml, chrome, records, semantic, deviceTimeline, keep, subscriptions, comments, profile, contacts],
}
