/// The cues of fallacies, see ``CuePattern`` for how they are written; contractions are taken apart before matching.
enum FallacyCues {
    /// What a cue says about its sentence.
    enum Tag: Sendable, Equatable {
        case fallacy(Fallacy.Kind, confidence: Double)
        /// The sentence speaks about a fallacy or denies what follows: no hits.
        case disclaimer
    }

    /// A kind of fallacy with its cues and how sure each is.
    typealias Rule = (kind: Fallacy.Kind, cues: [(confidence: Double, pattern: String)])

    /// Finds all cues of a sentence.
    static let matcher = CueMatcher(Self.cues, classes: Self.classes)

    /// The cues one by one.
    static let cues: [(tag: Tag, pattern: String)] =
        Self.disclaimers.map { (.disclaimer, $0) }
        + (Self.personal + Self.appeals + Self.inferences).flatMap { rule in
            rule.cues.map { (.fallacy(rule.kind, confidence: $0.confidence), $0.pattern) }
        }

    private static let disclaimers = [
        "fallacy|fallacies|fallacious", "it is|would ~1 wrong|false|mistake|incorrect|misleading to say|think|claim|assume|conclude|argue",
        "does|do|did|would not [necessarily] mean|prove|imply|follow|show", "not because",
    ]

    /// Classes of words that patterns name with @.
    static let classes = [
        "insult": """
        liar liars idiot idiots fool fools moron morons hypocrite hypocrites crook crooks clown clowns loser losers fraud frauds
        coward cowards criminal criminals drunk dropout stupid ugly uneducated ignorant dumb corrupt crazy
        """,
        "someone": "he she they you",
        "everyone": "everyone everybody millions billions",
        "group": """
        man men woman women american americans christian christians muslim muslims catholic catholics patriot patriots fan fans
        scotsman scotsmen feminist feminists conservative conservatives liberal liberals gamer gamers believer believers vegan
        vegans scientist scientists artist artists musician musicians englishman irishman republican republicans democrat democrats
        socialist socialists capitalist capitalists marxist texan supporter supporters
        """,
        "opponent": """
        opponent opponents critics liberals conservatives democrats republicans leftists environmentalists feminists vegans
        socialists progressives politicians activists globalists
        """,
        "expert": """
        doctor doctors professor professors expert experts celebrity president scientist scientists actor actress pastor priest pope
        einstein newton aristotle ceo billionaire teacher
        """,
        "ruin": """
        tyranny dictatorship socialism communism totalitarianism fascism ruin chaos anarchy slavery disaster collapse destruction
        """,
        "just": "just really simply basically all",
        "wronging": "lying cheating stealing abusing hurting ruining bullying",
        "family": "own little child children daughter son mother family",
        "permit": "allow let permit legalize legalise ban",
        "doing": "doing using buying switching joining wearing watching moving investing getting",
        "true": "true right correct real valid",
        "good": "good safe healthy better best right fine harmless ok okay",
        "proved": "proven proved prove disproven disproved disprove shown show",
        "thing": "it they there that the this",
        "acquaintance": """
        neighbor neighbour uncle aunt friend cousin brother sister boss ex experience landlord waiter colleague roommate
        """,
        "profession": """
        politicians lawyers men women teenagers immigrants cops bankers journalists millennials boomers landlords
        """,
        "bad": "bad wrong harmful unhealthy dangerous evil immoral unsafe toxic",
        "so": "so therefore thus hence clearly obviously",
        "all": "all every everyone everybody nobody none no never always",
    ]
}
