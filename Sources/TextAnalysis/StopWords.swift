/// Words that carry no topic of their own.
enum StopWords {
    /// English function words, common auxiliaries and adverbs, fillers of speech, and their contractions, in lower case.
    static let english = Set(
        """
        a an the this that these those here there other others another such same own

        i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its
        itself they them their theirs themselves one ones oneself someone somebody something anyone anybody anything everyone everybody
        everything nobody nothing none who whom whose which what whoever whatever whichever

        am is are was were be been being have has had having do does did doing done will would shall should can could may might must
        ought need dare used use uses using get gets got gotten getting go goes going gone went come comes came coming make makes made
        making take takes took taken taking give gives gave given giving say says said saying tell tells told know knows knew known
        knowing think thinks thought thinking see sees saw seen seeing want wants wanted look looks looked looking seem seems seemed
        become becomes became let lets put puts keep keeps kept try tries tried trying mean means meant happen happens happened
        consider considers considered considering include includes included including show shows showed shown call called

        and or but nor so yet for if then else than though although because since unless until while whereas whether as when whenever
        where wherever why how however therefore thus hence moreover furthermore otherwise nevertheless besides

        about above across after against along among amongst around at away back before behind below beneath beside between beyond by
        despite down during except from in inside into like near of off on onto out outside over past per through throughout to toward
        towards under underneath up upon via with within without

        all any both each either enough every few fewer fewest less lesser least lot lots many more most much neither no not now only
        several some plenty various

        actually again ago almost alone already also always apart anyway basically certain certainly clearly constantly ever exactly
        far first firstly forth further generally hardly indeed instead just kind kinds largely last later lately likely literally
        mainly maybe mere merely mostly namely never next obviously occasionally often ok okay oh once particularly perhaps possible
        possibly pretty probably quite rather really recently right second seriously simply sometimes somehow somewhat soon sort sorts
        still sure than thing things third thus together too truly twice type types two three four five six seven eight nine ten
        usually very well whole yeah yes um uh ah er hey hi hello please thank thanks

        good great big little long new old high low able

        today tomorrow yesterday way ways

        isn't aren't wasn't weren't don't doesn't didn't haven't hasn't hadn't won't wouldn't can't couldn't shan't shouldn't mustn't
        mightn't needn't ain't cannot i'm i've i'd i'll we're we've we'd we'll you're you've you'd you'll he's he'd he'll she's she'd
        she'll it's it'd it'll they're they've they'd they'll that's that'll that'd there's there'll here's what's who's who'd who'll
        where's when's why's how's let's y'all gonna wanna gotta cant dont didnt doesnt isnt wasnt im ive thats

        etc e.g. i.e. vs mr mrs ms dr
        """.wordList
    )
}
