import Testing

@testable import DomainOrchestrators

@Suite struct HTMLExtractorTests {
    private func read(_ html: String, charset: String? = nil) throws -> Document {
        try HTMLExtractor.read(Array(html.utf8), charset: charset, CancellationFlag())
    }

    @Test func readsTitleAndMainText() throws {
        let document = try self.read(
            """
            <!DOCTYPE html><html lang="en-GB"><head><title>A &amp; B
             story</title><style>p { color: red }</style><script>if (a < b) alert("<p>no</p>")</script></head>
            <body><header>Site name</header><nav><a href="/">Home</a></nav>
            <main><h1>The story</h1><p>First &eacute;t&eacute; &lt;tag&gt;<br>second   line.</p>
            <ul><li>one<li>two</ul><aside>advert</aside><table><tr><td>a</td><td>b</td></tr></table>
            <p hidden>secret</p><p aria-hidden="true">icon</p><noscript>enable</noscript></main>
            <div role="navigation">more</div><footer>imprint</footer></body></html>
            """
        )
        #expect(document.title == "A & B story")
        #expect(document.language == "en-GB")
        #expect(document.text == "The story\n\nFirst été <tag>\nsecond line.\n\none\ntwo\n\na b")
        #expect(document.kind == .html)
    }

    @Test func readsThePageWithoutAMainPart() throws {
        #expect(try self.read("<p>One</p><p>Two</p>").text == "One\n\nTwo")
        #expect(try self.read("just text").text == "just text")
    }

    @Test func aTinyMainPartDoesNotHideThePage() throws {
        let page = "<main>x</main><div>" + String(repeating: "word ", count: 100) + "</div>"
        #expect(try self.read(page).text.hasPrefix("x\n\nword word"))
    }

    @Test(
        arguments: [
            ("<meta property='og:title' content='Social &quot;T&quot;'><h1>H</h1>", "Social \"T\""),
            ("<h1>Head <b>ing</b></h1><h1>x</h1>", "Head ingx"),
            ("<title> </title><h1>H</h1>", "H"), ("<p>none</p>", nil), ("<title>a < b</title>", "a < b"),
            ("<svg><title>icon</title></svg><title>Page</title>", "Page"),
        ] as [(String, String?)]
    )
    func findsATitle(_ html: String, _ title: String?) throws {
        #expect(try self.read(html).title == title)
    }

    @Test func honoursCharsets() throws {
        let latin: [UInt8] = Array("<meta charset='iso-8859-1'><p>gr".utf8) + [0xFC, 0xDF, 0x65]
        #expect(try HTMLExtractor.read(latin, charset: nil, CancellationFlag()).text == "grüße")
        let cyrillic: [UInt8] = Array("<meta http-equiv=Content-Type content=\"text/html; charset=windows-1251\"><p>".utf8) + [0xCC, 0xF2]
        #expect(try HTMLExtractor.read(cyrillic, charset: nil, CancellationFlag()).text == "Мт")
        // What the server says wins over what the page says.
        #expect(try HTMLExtractor.read(cyrillic, charset: "windows-1252", CancellationFlag()).text == "Ìò")
        #expect(try self.read("<meta charset=utf-16><p>ä").text == "ä")
    }

    @Test(arguments: [
        "<p>a<b>b<p>c</i></b></div>d", "<a href='x>text", "<p>a</p", "<", "<p>a < b > c", "</p></p>", "<!-- open", "<p>a<!-->b",
        "<![CDATA[x]]>y",
        "<p>\u{0}a", "<x y=\"<p>\">z", "&#0;&#xFFFFFFFF;&bogus;a", "<script>never closed", "<title>never closed",
    ])
    func readsBrokenMarkup(_ html: String) throws {
        _ = try self.read(html)
    }

    @Test func keepsTheTextOfBrokenMarkup() throws {
        #expect(try self.read("<p>a < b > c").text == "a < b > c")
        #expect(try self.read("<p>a<!-- <p>x --> b").text == "a b")
        #expect(try self.read("<p>a<script>x</scRIPT >b").text == "ab")
    }

    @Test func refusesEndlessNesting() {
        let error = #expect(throws: DocumentError.self) { try self.read(String(repeating: "<div>", count: 100_000)) }
        #expect(error?.message == "elements are nested deeper than 512")
    }

    @Test func manyAttributesTakeLinearTime() throws {
        let attributes = (0..<200_000).map { " a\($0)" }.joined()
        #expect(try self.read("<p\(attributes)>text</p>").text == "text")
    }

    @Test func manyElementsTakeLinearTime() throws {
        #expect(try self.read(String(repeating: "<p>x</i>", count: 100_000)).text.utf8.count == 300_000 - 2)
    }

    @Test func cancellationStopsTheParser() throws {
        let flag = CancellationFlag()
        flag.cancel()
        #expect(throws: CancellationError.self) {
            try DocumentReader().read(Array("<p>text</p>".utf8), DocumentReader.Source(fileExtension: "html"), flag)
        }
    }
}
