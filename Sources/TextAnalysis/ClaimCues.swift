/// The cues of claims, and of sentences that are none.
enum ClaimCues {
    /// What a cue says about its sentence.
    enum Tag: Sendable, Equatable {
        case reason(Claim.Reason)
        /// First-person opinion: no claim.
        case opinion
        /// Request or invitation: no claim.
        case imperative
    }

    /// Finds all cues of a sentence.
    static let matcher = CueMatcher(Self.cues, classes: Self.classes)

    /// The cues one by one.
    static let cues: [(tag: Tag, pattern: String)] = Self.table.flatMap { tag, patterns in patterns.map { (tag, $0) } }

    private static let table: [(Tag, [String])] = [
        (
            .reason(.comparison),
            [
                "@comparative ~5 than",
                "twice|half|times as|more|less|the", "compared|relative with|to", "in comparison with|to", "as @scale as",
                "outnumber|outnumbers|outnumbered|exceed|exceeds|exceeded|surpass|surpasses|surpassed|outperforms|outperformed",
            ]
        ),
        (
            .reason(.superlative),
            [
                "the|world's|country's|nation's|its|their|his|her @superlative", "the most|least @gradable",
                "the first|only|last ~4 to|in|ever|that|since", "all-time|record high|low|number|level|levels|amount",
                "@superlative ~3 in the world|country|nation|state|history|city|europe",
            ]
        ),
        (
            .reason(.change),
            ["@change ~4 by|to|from|in|since|over|during|last|this|every|each", "@quantity [has|have|had] ~1 @change"]
        ),
        (
            .reason(.attribution),
            [
                "according to", "said|says|told|claimed|claims|announced|announces|confirmed|confirms|revealed|testified|alleged|alleges",
                "reported|reports|stated|states|argued|argues|estimated|estimates|concluded|concludes that|a|the|to",
                "@source ~4 found|finds|find|show|shows|showed|shown|suggest|suggests|suggested|indicate|indicates|indicated|proves|proved",
                "@source ~4 report|reports|reported|estimate|estimates|estimated|conclude|concludes|concluded",
                "@source ~4 warn|warns|warned|reveal|reveals",
            ]
        ),
        (
            .reason(.causal),
            [
                "because", "cause|causes|caused|causing", "lead|leads|led|leading to", "result|results|resulted|resulting in",
                "due|owing to", "as a result|consequence", "responsible for", "linked|tied|attributed to",
                "contributes|contributed|contribute to", "triggered|triggers|stems|stemmed|prevents|prevented",
            ]
        ),
        (
            .reason(.hedged),
            [
                "may|might|could|perhaps|maybe|possibly|probably|allegedly|reportedly|apparently|supposedly|presumably|potentially",
                "seem|seems|seemed|appears|appear|appeared to|that|like|as", "likely|unlikely to",
                "it is possible|likely|unlikely|conceivable", "some people say|think|believe",
                "rumored|rumoured|rumor|rumour|speculated|speculation",
            ]
        ),
        (
            .opinion,
            [
                "i|we [@adverb] [do|would|did] [not] [@adverb] @opining",
                "in my|our [humble|personal] opinion|view|experience", "to me ,", "my favorite|favourite|guess|opinion|hope|feeling|view",
                "i am ~2 sure|glad|happy|sorry|afraid|excited|proud|convinced|worried", "if you ask me", "^ personally",
                "as far as i ~2 concerned|know|can",
            ]
        ),
        (
            .imperative,
            [
                "^ [please|so|and|but|now|just|then|okay|ok] [,] [do] [not|never] @commanding [,] ~1 @object",
                "^ [so|and|but|now|okay|ok] [,] let us|me", "^ please", "^ [so|and|but] do not @commanding|be|worry", "do not forget to",
                "make sure to|you|that", "^ think of|about", "^ listen|go|try|remember to", "^ wait|look for",
            ]
        ),
    ]

    static let classes = [
        "comparative": """
        more less fewer greater higher lower larger smaller bigger faster slower longer shorter better worse older younger cheaper
        richer poorer stronger weaker heavier lighter hotter colder warmer cooler safer deadlier taller earlier later
        """,
        "scale": "much many high low large small big fast long old likely common tall rich poor deadly",
        "superlative": """
        biggest largest highest lowest smallest fastest slowest longest shortest oldest youngest richest poorest cheapest strongest
        weakest heaviest hottest coldest warmest deadliest tallest greatest worst best earliest latest newest busiest densest driest
        wettest safest
        """,
        "gradable": """
        expensive popular populous common important dangerous powerful successful deadly visited widely valuable influential
        frequent efficient effective polluted violent corrupt unequal diverse advanced profitable watched sold used cited likely
        affected severe serious significant recent famous active polluting productive
        """,
        "change": """
        rose risen rises rise fell fallen falls grew grown grows increased increases increase decreased decreases decrease dropped
        drops declined declines doubled doubles tripled triples quadrupled halved surged plunged soared climbed shrank shrunk jumped
        slumped gained lost cut reduced reduces expanded tumbled plummeted rebounded
        """,
        "quantity": """
        price prices rate rates number numbers population income incomes wages salaries sales revenue revenues profit profits
        exports imports temperature temperatures emissions unemployment inflation crime debt deficit spending costs cost deaths
        cases demand supply output production share turnout ratings traffic
        """,
        "source": """
        study studies report reports researchers scientists survey surveys poll polls data research analysis evidence experts
        economists officials statistics records investigators police documents authors figures doctors analysts census historians
        """,
        "adverb": "just really personally honestly also still always strongly truly",
        "opining": """
        think believe feel guess suppose hope wish love hate like want prefer doubt imagine suspect reckon expect enjoy disagree
        agree recommend assume fear adore dislike
        """,
        "commanding": """
        imagine consider look listen remember note think click subscribe take try make go come give get keep tell ask read watch see
        stop start call check visit buy add mix use turn put open close write follow send wait stay join help remove bring choose
        avoid enjoy suppose compare picture forget let share vote sign donate
        """,
        "object": """
        the a an this that these those it me us them him her your my our their at how what if every out up down off away yourself
        carefully here
        """,
    ]
}
