/** Ordinary words of which canaries are made: 256, so that a byte picks one. */
export const WORDS: readonly string[] = (
  'amber anchor apple april arrow autumn badge baker bamboo barley basil basket beach bell birch bird blanket blossom blue boat bottle branch bread breeze ' +
  'brick bridge bright bronze brook brush bucket butter button cabin cactus calm camel candle canyon carpet castle cedar cello chalk cherry chestnut circle citrus ' +
  'clay clever cliff cloud clover coast cobalt cocoa comet copper coral corner cotton cradle crane cream creek cricket crimson crystal curtain cypress daisy dancer ' +
  'dawn deer delta desert diamond dolphin donkey dove dragon dream drift drum dune eagle early east echo elder elm ember emerald evening falcon feather fern ' +
  'festival fiddle field fig finch fire flame flint flute foam forest fossil fountain fox frost galaxy garden garlic gate ginger glacier glass globe gold goose ' +
  'grain granite grape grass green grey grove guitar gull hammer harbor harvest hazel heather heron hill hollow honey horizon horse ink iris iron island ' +
  'ivory ivy jacket jade jasmine jewel jungle juniper kettle kite lagoon lake lamp lantern lark laurel lavender leaf lemon lily linen lion little lotus ' +
  'lunar magnet mango maple marble march meadow melody mill mint mirror mist monday moon moss mountain music nectar needle nest night north oak oasis ' +
  'ocean olive onion opal orange orchard orchid otter owl oyster palm paper parade peach pearl pebble pepper piano pine planet plum pocket polar pond ' +
  'poppy prairie quartz quiet quilt rabbit rain raven red reed ribbon river road robin rocket rose ruby saddle saffron sage sail salmon sand sapphire ' +
  'scarlet silver smoke snow sparrow spring star stone storm summer sun tulip velvet violet'
).split(' ')
