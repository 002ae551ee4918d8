/**
 * Words for generated pages. Sentences are patterns with gaps, so that text has the function words, lengths and punctuation of its
 * language, while the words in the gaps make every page its own: five words in a row hardly ever repeat.
 */
export interface Vocabulary {
  language: string
  /** Nouns with their article where the language wants one. */
  nouns: string[]
  /** Verb phrases, third person. */
  verbs: string[]
  qualities: string[]
  places: string[]
  times: string[]
  /** `N` noun, `V` verb phrase, `Q` quality, `P` place, `T` time. */
  patterns: string[]
}

const list = (text: string): string[] => text.split(',').map((word) => word.trim())

export const vocabularies: Vocabulary[] = [
  {
    language: 'en',
    nouns: list(
      'the miller,the old wheel,a careful gardener,the river,the harvest,a narrow bridge,the market,the ferry,a quiet harbour,the clockmaker,the orchard,a brown horse,the lantern,the bakery,a folded map,the council,the quarry,a heavy cart,the storm,the teacher,the orange cat,a wooden ladder,the winter barley,the northern road,a small engine,the apprentice,the library,the tide,a copper kettle,the vineyard,the postman,a patient surveyor,the weaver,the granary,the signal tower,a borrowed bicycle,the long table,the beekeeper,the lower field,a sealed letter,the sawmill,the glass roof,the watchman,a stone basin,the choir,the railway,the island,a torn ledger,the blacksmith,the reservoir',
    ),
    verbs: list(
      'carries water across,waits beside,was painted by,remembers,turns slowly towards,keeps an account of,follows,was repaired with the help of,looks down upon,borrows tools from,stands between the mist and,measures,sings about,leads past,gives shelter to,is older than,was sold together with,argues with,lights the way for,collects rain from,travels with,leans against,grows around,listens for,counts,hides behind,returns to,depends on,was named after,sleeps under,is afraid of,writes letters to,shares bread with,mends,crosses,outlives,belongs to,was drawn by,climbs above,has forgotten',
    ),
    qualities: list(
      'patient,green,crooked,honest,silent,cold,early,famous,hollow,yellow,careless,deep,gentle,bitter,narrow,fragile,bright,dusty,stubborn,ordinary,distant,tired,salty,round,curious,thin,wet,proud,useful,broken,nameless,warm,steep,slow,unusual',
    ),
    places: list(
      'near the weir,behind the church,at the edge of the town,under the plane trees,on the second floor,beyond the hills,in the upper valley,along the canal,at the crossroads,inside the tower,by the salt marsh,over the stable,in the schoolyard,between two walls,at the bottom of the garden,on the slate roof,outside the gate,in the harbour office',
    ),
    times: list(
      'before sunrise,every second Thursday,in the year of the flood,after the fair,during the long frost,at noon,since the spring,for eleven years,late in October,when the bell rings,on market days,until the first snow,after supper,in a single night,twice a week,towards evening,most of the summer,as soon as it rains',
    ),
    patterns: [
      'N V N P.',
      'It was Q of N that V N, and T nobody noticed.',
      'T, N V N because the road is Q and the water is Q.',
      'People say that N V N P, but they have not seen N.',
      'If N V N T, then N will be Q.',
      'There is a Q story about N, which V N P.',
      'N and N were Q, so T they met P and spoke of N.',
      'Nothing to do with N is as Q as the way in which N V N.',
      'What is left of N can be found P, where N V N.',
      'You will have to ask N, for it is N that V N T.',
    ],
  },
  {
    language: 'de',
    nouns: list(
      'der Müller,das alte Rad,die Gärtnerin,der Fluss,die Ernte,eine schmale Brücke,der Markt,die Fähre,der stille Hafen,die Uhrmacherin,der Obstgarten,ein braunes Pferd,die Laterne,die Bäckerei,eine gefaltete Karte,der Gemeinderat,der Steinbruch,ein schwerer Wagen,das Gewitter,die Lehrerin,die rote Katze,eine hölzerne Leiter,die Wintergerste,die Landstraße,eine kleine Maschine,der Lehrling,die Bücherei,die Flut,ein kupferner Kessel,der Weinberg,die Briefträgerin,der Feldmesser,die Weberin,der Kornspeicher,der Signalturm,ein geliehenes Fahrrad,der lange Tisch,der Imker,das untere Feld,ein versiegelter Brief',
    ),
    verbs: list(
      'wartet neben,erinnert sich an,führt vorbei an,ist älter als,gehört zu,steht zwischen dem Nebel und,lehnt sich gegen,wächst rund um,kehrt zurück zu,schläft unter,reist mit,streitet mit,hört auf,sammelt Regen für,schreibt Briefe über,verdankt vieles,blickt hinunter auf,teilt das Brot mit,fürchtet sich vor,versteckt sich hinter,zählt auf,erzählt von,richtet sich nach,verschwindet hinter,arbeitet für',
    ),
    qualities: list(
      'geduldig,grün,schief,ehrlich,still,kalt,früh,berühmt,hohl,gelb,tief,sanft,bitter,schmal,zerbrechlich,hell,staubig,stur,gewöhnlich,fern,müde,salzig,rund,neugierig,dünn,nass,stolz,nützlich,namenlos,warm,steil,langsam,ungewöhnlich',
    ),
    places: list(
      'am Wehr,hinter der Kirche,am Rand der Stadt,unter den Platanen,im zweiten Stock,jenseits der Hügel,im oberen Tal,entlang des Kanals,an der Kreuzung,im Turm,über dem Stall,auf dem Schulhof,zwischen zwei Mauern,unten im Garten,auf dem Schieferdach,vor dem Tor',
    ),
    times: list(
      'vor Sonnenaufgang,jeden zweiten Donnerstag,im Jahr der Flut,nach dem Fest,während des langen Frostes,am Mittag,seit dem Frühling,seit elf Jahren,spät im Oktober,wenn die Glocke läutet,an Markttagen,bis zum ersten Schnee,nach dem Abendessen,in einer einzigen Nacht,zweimal in der Woche,gegen Abend',
    ),
    patterns: [
      'N ist Q, und N steht T P.',
      'Man sagt, dass N nicht so Q sei wie N, doch P weiß es niemand.',
      'T war N noch Q, aber dann kam N und alles wurde Q.',
      'Es gibt eine Geschichte über N, die P erzählt wird, wenn N Q ist.',
      'N V N, weil der Weg P Q ist.',
      'Wer N kennt, der weiß auch, dass N T P zu finden ist.',
      'Nichts ist so Q wie N, und doch V N auch N.',
      'Ob N oder N schuld war, das wurde T P lange besprochen.',
    ],
  },
  {
    language: 'fr',
    nouns: list(
      'le meunier,la vieille roue,la jardinière,la rivière,la moisson,un pont étroit,le marché,le bac,le port tranquille,le verger,un cheval brun,la lanterne,la boulangerie,une carte pliée,le conseil,la carrière,une lourde charrette,la tempête,la maîtresse,le chat roux,une échelle de bois,la route du nord,une petite machine,l’apprenti,la bibliothèque,la marée,un chaudron de cuivre,la vigne,le facteur,la tisserande,le grenier,la tour,un vélo emprunté,la longue table,l’apicultrice,le champ du bas,une lettre cachetée',
    ),
    verbs: list(
      'attend près de,se souvient de,tourne lentement vers,suit,regarde,mesure,abrite,dépend de,ressemble à,traverse,accompagne,oublie,appartient à,chante pour,se dispute avec,voyage avec,s’appuie contre,dort sous,partage le pain avec,compte,revient vers,éclaire,écoute,se cache derrière',
    ),
    qualities: list(
      'patient,vert,tordu,honnête,silencieux,froid,célèbre,creux,jaune,profond,doux,amer,étroit,fragile,clair,têtu,ordinaire,lointain,fatigué,salé,rond,curieux,mince,humide,fier,utile,chaud,raide,lent',
    ),
    places: list(
      'près du barrage,derrière l’église,au bord de la ville,sous les platanes,au deuxième étage,au-delà des collines,dans la haute vallée,le long du canal,au carrefour,dans la tour,au-dessus de l’écurie,dans la cour de l’école,entre deux murs,au fond du jardin,devant la porte',
    ),
    times: list(
      'avant l’aube,un jeudi sur deux,l’année de la crue,après la foire,pendant le grand gel,à midi,depuis le printemps,depuis onze ans,à la fin d’octobre,quand la cloche sonne,les jours de marché,jusqu’à la première neige,après le souper,en une seule nuit,vers le soir',
    ),
    patterns: [
      'N V N P.',
      'On dit que N V N, mais T personne ne l’a vu P.',
      'T, N était plus Q que N, et c’est pour cela que N V N.',
      'Il y a une histoire Q sur N, que l’on raconte P.',
      'Si N V N T, alors N sera Q.',
      'Ce qui reste de N se trouve P, là où N V N.',
      'Rien n’est aussi Q que N, sauf peut-être N qui V N.',
    ],
  },
  {
    language: 'es',
    nouns: list(
      'el molinero,la vieja rueda,la jardinera,el río,la cosecha,un puente estrecho,el mercado,la barca,el puerto tranquilo,el huerto,un caballo pardo,el farol,la panadería,un mapa doblado,el concejo,la cantera,un carro pesado,la tormenta,la maestra,el gato rojo,una escalera de madera,el camino del norte,una máquina pequeña,el aprendiz,la biblioteca,la marea,un caldero de cobre,la viña,el cartero,la tejedora,el granero,la torre,una bicicleta prestada,la mesa larga,el colmenero,el campo de abajo,una carta sellada',
    ),
    verbs: list(
      'espera junto a,se acuerda de,gira despacio hacia,sigue a,mira a,mide con cuidado a,da cobijo a,depende de,se parece a,acompaña a,se olvida de,pertenece a,canta para,discute con,viaja con,se apoya contra,duerme bajo,comparte el pan con,cuenta con,vuelve hacia,alumbra a,escucha a,se esconde detrás de',
    ),
    qualities: list(
      'paciente,verde,torcido,honrado,callado,frío,famoso,hueco,amarillo,hondo,suave,amargo,estrecho,frágil,claro,terco,corriente,lejano,cansado,salado,redondo,curioso,delgado,húmedo,orgulloso,útil,caliente,empinado,lento',
    ),
    places: list(
      'cerca de la presa,detrás de la iglesia,a las afueras del pueblo,bajo los plátanos,en el segundo piso,más allá de las colinas,en el valle alto,a lo largo del canal,en el cruce,dentro de la torre,encima del establo,en el patio de la escuela,entre dos muros,al fondo del jardín,delante de la puerta',
    ),
    times: list(
      'antes del alba,un jueves de cada dos,el año de la crecida,después de la feria,durante la gran helada,al mediodía,desde la primavera,desde hace once años,a finales de octubre,cuando suena la campana,los días de mercado,hasta la primera nieve,después de cenar,en una sola noche,hacia la tarde',
    ),
    patterns: [
      'N V N P.',
      'Dicen que N V N, pero T nadie lo ha visto P.',
      'T, N era más Q que N, y por eso N V N.',
      'Hay una historia sobre N que se cuenta P cuando N está Q.',
      'Si N V N T, entonces N será Q.',
      'Lo que queda de N se encuentra P, donde N V N.',
      'Nada hay tan Q como N, salvo quizá N, que V N.',
    ],
  },
]
