extension SentimentLexicon {
    /// Positive words by valence, in lower case.
    static let positive: [(valence: Double, words: String)] = [
        (
            3.4,
            """
            magnificent outstanding superb phenomenal sublime exquisite flawless ecstatic euphoric masterpiece breathtaking perfection
            miraculous
            """
        ),
        (
            3.1,
            """
            excellent excellence amazing awesome wonderful fantastic incredible brilliant spectacular marvelous marvellous terrific
            fabulous extraordinary exceptional perfect perfectly best greatest adore adored adores adoring overjoyed triumph triumphant
            triumphs triumphed thrilled glorious stunning heavenly wonderfully brilliantly superbly
            """
        ),
        (
            2.7,
            """
            love loved loves loving beautiful beautifully delightful delighted delight delights joy joyful joyous great gorgeous
            happiest happiness remarkable impressive hilarious splendid astonishing astounding hero heroes heroic genius treasure
            treasured bliss blissful paradise victory victorious victories amazed amazingly ideal passionate passion jubilant
            exhilarating inspiring inspirational lovely
            """
        ),
        (
            2.3,
            """
            happy happily happier win wins winning winner winners won celebrate celebrated celebrates celebrating celebration excited
            exciting excitement enjoy enjoyed enjoyable enjoying enjoys enjoyment fun funny funniest glad proud proudly pride success
            successful successfully succeed succeeded succeeds succeeding admire admired admirable admires admiration inspire inspired
            inspires inspiration charming charm talented talent elegant elegance graceful grace generous generosity compassionate
            compassion kindness cheerful cheer cheers cheering laugh laughed laughing laughs laughter smile smiled smiles smiling
            grateful gratitude thankful blessed blessing blessings breakthrough prosperity prosperous prosper thrive thrives thriving
            thrived flourish flourishing flourished radiant dazzling captivating fascinating fascinated adorable cherish cherished
            champion champions award awards peaceful courageous courage brave bravery bravely impressed enthusiastic enthusiasm eager
            rejoice applause applauded freedom optimistic optimism
            """
        ),
        (
            1.9,
            """
            good better nice nicely pleasant pleasantly pleased pleasing pleasure pleasures thanks thank appreciate appreciated
            appreciates appreciation appreciative recommend recommended recommends beneficial benefit benefits benefited benefiting
            helpful help helped helps helping kind caring friendly friend friends friendship gentle warm warmly warmth welcome welcomed
            welcoming delicious tasty yummy comfortable comfort comforting comforted satisfied satisfying satisfaction satisfies
            satisfactory fresh healthy healthier strong stronger strongest strength strengths trust trusted trusting trustworthy honest
            honestly honesty honorable honour honor honored faithful faith loyal loyalty sincere sincerely genuine genuinely hope
            hopeful hopefully hopes hoping promising improve improved improves improving improvement improvements progress progressed
            achieve achieved achievement achievements achieves achieving accomplish accomplished accomplishment accomplishments
            advantage advantages advantageous valuable worthy worthwhile worth favorite favourite favorable favourable favorably reward
            rewarded rewarding rewards gift gifted lucky luck luckily fortunate fortunately opportunity opportunities popular popularity
            attractive cute sweet sweetest tender affection affectionate smart smarter smartest clever intelligent wise wisdom skilled
            skillful innovative innovation creative creativity effective effectively efficient efficiently efficiency reliable reliably
            safe safely safer safety secure secured security peace respect respected respectful respects supportive support supported
            supporting supports encourage encouraged encouragement encourages encouraging empower empowered empowering praise praised
            praises praising
            """
        ),
        (
            1.5,
            """
            liked likes liking likable positive positively fine agree agreed agreeable agreement calm calming relaxed relaxing relax
            relief relieved relieving easy easier easiest easily smooth smoothly clean cleaner neat tidy convenient useful usefulness
            interesting interested entertaining entertained entertainment amused amusing playful lively vibrant bright brighter
            brightest shine shines shining shiny gain gained gaining gains profit profitable profits growth solved solves solution
            solutions recover recovered recovering recovery heal healed healing heals cure cured rescue rescued save saved saves saving
            fair fairness justice equality harmony harmonious balanced united unity trustful confident confidence confidently bold
            ambitious energetic eligible polite politely courteous considerate thoughtful humble forgiving forgive forgave forgiven
            forgiveness merry festive romantic romance dreamy fond fondly yay hooray hurray bravo congratulations congrats wow kudos
            amen
            """
        ),
        (
            1.2,
            """
            accept acceptable accepted accepting accurate accurately adequate affordable capable competent decent deserve deserved
            deserves dignity dedicated dedication devoted diligent durable ease eased elevate elevated enhance enhanced enhances
            enhancing enrich enriched flexible generously ok okay original peacefully prefer preferred privileged productive protect
            protected protecting protects refreshing refreshed respectable responsible responsibly robust sensible sturdy stable
            stability superior tolerant transparent uplift uplifted uplifting upbeat usefully valued wealthy wealth willing willingly
            witty yes
            """
        ),
    ]
}
