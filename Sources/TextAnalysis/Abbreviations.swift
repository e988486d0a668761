/// English abbreviations that carry a period, by what the period can mean.
enum Abbreviations {
    /// Titles before a name: their period never ends a sentence.
    static let titles = Set(
        """
        mr mrs ms mx dr prof rev fr gen sen rep gov pres capt cpt col maj lt sgt cpl pvt adm cmdr hon amb supt insp det mt messrs mmes
        """.wordList
    )

    /// Connecting abbreviations: something always follows.
    static let connectives = Set("e.g i.e eg ie vs v cf viz approx ca esp incl al resp op cit".wordList)

    /// Abbreviations before a number: their period ends a sentence unless a digit follows.
    static let beforeNumbers = Set(
        "no nos nr vol vols p pp ch sec art fig figs eq ver jan feb mar apr jun jul aug sep sept oct nov dec".wordList
    )

    /// Abbreviations that can close a sentence: their period ends one before a capitalised opening word.
    static let closing = Set(
        """
        inc corp ltd co llc plc bros jr sr esq ph.d ph.ds b.sc m.sc m.d b.a m.a st ave blvd rd dept univ assn est gov't intl natl hrs hr
        min mins secs lb lbs oz ft sq tel ext misc dist max
        """.wordList
    )

    /// Words that commonly open an English sentence and are no part of a name.
    static let openers = Set(
        """
        the a an this that these those there here he she it they we you i his her its their our your my one some many most all both each
        every no none nobody nothing another other others such what when where why who how which while if although though because since
        as after before until unless once in on at by for from of with without to into under over during despite and but or so yet nor
        then however therefore moreover meanwhile instead also still even now today yesterday tomorrow later finally perhaps maybe yes
        not only just according does did do is are was were has have had will would can could should may might must let please
        """.wordList
    )
}

extension String {
    /// The words of a table written as text: what stands between ASCII white space.
    var wordList: [String] {
        self.utf8.split { $0 == 0x20 || $0 == 0x0A }.compactMap { String($0) }
    }
}
