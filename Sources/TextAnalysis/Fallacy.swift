/// A sentence that looks like an informal fallacy.
public struct Fallacy: Sendable, Hashable {
    /// The kinds of fallacy the detector knows.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case adHominem = "ad_hominem"
        case strawMan = "straw_man"
        case falseDilemma = "false_dilemma"
        case slipperySlope = "slippery_slope"
        case appealToAuthority = "appeal_to_authority"
        case appealToPopularity = "appeal_to_popularity"
        case appealToEmotion = "appeal_to_emotion"
        case appealToNature = "appeal_to_nature"
        case appealToTradition = "appeal_to_tradition"
        case appealToIgnorance = "appeal_to_ignorance"
        case hastyGeneralisation = "hasty_generalisation"
        case circularReasoning = "circular_reasoning"
        case redHerring = "red_herring"
        case postHoc = "post_hoc"
        case noTrueScotsman = "no_true_scotsman"
        case loadedQuestion = "loaded_question"
        case bandwagon

        /// The usual English name.
        public var name: String {
            switch self {
            case .adHominem: "Ad hominem"
            case .strawMan: "Straw man"
            case .falseDilemma: "False dilemma"
            case .slipperySlope: "Slippery slope"
            case .appealToAuthority: "Appeal to authority"
            case .appealToPopularity: "Appeal to popularity"
            case .appealToEmotion: "Appeal to emotion"
            case .appealToNature: "Appeal to nature"
            case .appealToTradition: "Appeal to tradition"
            case .appealToIgnorance: "Appeal to ignorance"
            case .hastyGeneralisation: "Hasty generalisation"
            case .circularReasoning: "Circular reasoning"
            case .redHerring: "Red herring"
            case .postHoc: "Post hoc"
            case .noTrueScotsman: "No true Scotsman"
            case .loadedQuestion: "Loaded question"
            case .bandwagon: "Bandwagon"
            }
        }

        /// What is wrong with it, in one sentence.
        public var explanation: String {
            switch self {
            case .adHominem: "It attacks the person who argues instead of the argument."
            case .strawMan: "It answers a distorted or exaggerated version of what the other side holds."
            case .falseDilemma: "It presents two options as the only ones although others exist."
            case .slipperySlope: "It claims without evidence that one step must lead to extreme consequences."
            case .appealToAuthority: "It takes a claim for true because a person of standing holds it, not because of evidence."
            case .appealToPopularity: "It takes a claim for true because many people believe it."
            case .appealToEmotion: "It replaces reasons by fear, pity or guilt."
            case .appealToNature: "It takes something for good because it is natural, or bad because it is not."
            case .appealToTradition: "It takes something for right because it has been done for long."
            case .appealToIgnorance: "It takes a claim for true because it has not been disproved, or false because it has not been proved."
            case .hastyGeneralisation: "It concludes about all from one or a few cases."
            case .circularReasoning: "Its reason only repeats its conclusion."
            case .redHerring: "It turns to another matter, or to the faults of others, instead of answering."
            case .postHoc: "It takes what came first for the cause of what came after."
            case .noTrueScotsman: "It saves a general claim by denying that counterexamples are genuine members of the group."
            case .loadedQuestion: "Its question presupposes something that has not been shown."
            case .bandwagon: "It urges to do something because others do it."
            }
        }
    }

    /// What kind of fallacy it looks like.
    public let kind: Kind
    /// The sentence, cut as ``Sentence/excerpt``.
    public let sentence: String
    /// Position of the sentence in the document, from 0.
    public let index: Int
    /// The words that gave it away, as written, with simple spacing; at most a pattern's length.
    public let cue: String
    /// How typical the cue is for the fallacy, 0 to 1: an estimate of precision, not of harm.
    public let confidence: Double

    /// What is wrong with it, in one sentence.
    public var explanation: String { self.kind.explanation }
}

/// The fallacies of a document.
public struct Fallacies: Sendable, Hashable {
    /// The first hits in the order of the document; in one sentence each kind once, with its surest cue, in the order of ``Fallacy/Kind``.
    public let fallacies: [Fallacy]
    /// How many hits there are in the whole document.
    public let total: Int
    /// Whether the method applies: it is for English only.
    public let applicability: Applicability
}
