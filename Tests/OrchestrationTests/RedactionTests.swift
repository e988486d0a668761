import JSON
import Orchestration
import Testing

@Suite("Redaction")
struct RedactionTests {
    @Test(arguments: [
        // E-mail
        ("write to ada.lovelace+x@mail.example.com now", "write to [EMAIL] now"),
        ("a@b.de", "[EMAIL]"), ("<a@b.de>.", "<[EMAIL]>."), ("a@b.de,c@d.org", "[EMAIL],[EMAIL]"), ("mail:a@b.de.", "mail:[EMAIL]."),
        ("a@b", "a@b"), ("@b.de", "@b.de"), ("a@", "a@"), ("a@b.d", "a@b.d"), ("a@b.123", "a@b.123"), ("a@.de", "a@.de"),
        // Social security number
        ("ssn 123-45-6789.", "ssn [SSN]."), ("123-45-67890", "123-45-67890"), ("0123-45-6789", "0123-45-6789"),
        ("123-456-789", "123-456-789"),
        // Card
        ("4111111111111111", "[CARD]"), ("4111 1111 1111 1111 ok", "[CARD] ok"), ("4111-1111-1111-1111", "[CARD]"),
        ("41111111111111112", "41111111111111112"), ("4111 1111 1111 111", "4111 1111 1111 111"),
        // Telephone
        ("call 555-123-4567!", "call [PHONE]!"), ("555.123.4567", "[PHONE]"), ("5551234567", "[PHONE]"), ("555 123 4567", "[PHONE]"),
        ("+49 170 1234567", "[PHONE]"), ("+15551234567 x", "[PHONE] x"), ("+49-170-1234567.", "[PHONE]."),
        ("1+1", "1+1"), ("+123", "+123"), ("+", "+"), ("555-123-45678", "555-123-45678"), ("+1234567890123456", "+[CARD]"),
        ("+12345678901234567", "+12345678901234567"),
        // Token
        ("key abcdefghij0123456789", "key [TOKEN]"), ("Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.x", "Bearer [TOKEN].x"),
        ("abcdefghij012345678", "abcdefghij012345678"), ("550e8400-e29b-41d4-a716-446655440000", "550e8400-e29b-41d4-a716-446655440000"),
        // The rest stays as it is.
        ("", ""), ("nothing here", "nothing here"), ("größer als 日本 👩‍👩‍👧", "größer als 日本 👩‍👩‍👧"), ("ä@ö.de", "ä@ö.de"),
        ("größe a@b.de 日本", "größe [EMAIL] 日本"), ("a-b-c_d.e", "a-b-c_d.e"),
    ])
    func texts(text: String, expected: String) {
        #expect(Redaction.redact(text) == expected)
    }

    @Test(arguments: ["password", "API_KEY", "accessToken", "clientSecret", "e-Mail-Email", "telephone", "SSN", "credit_card", "monkey"])
    func sensitiveNames(name: String) {
        #expect(Redaction.isSensitive(key: name))
    }

    @Test(arguments: ["pass", "name", "url", "", "mail", "tok_en"])
    func harmlessNames(name: String) {
        #expect(!Redaction.isSensitive(key: name))
    }

    @Test func nestedValues() {
        let object: JSONObject = [
            "password": ["nested": "gone"], "list": [["api_key": 7, "note": "a@b.de"], "555-123-4567", 5, nil, true], "plain": "x",
        ]
        #expect(
            Redaction.redact(object) == [
                "password": "[FILTERED]", "list": [["api_key": "[FILTERED]", "note": "[EMAIL]"], "[PHONE]", 5, nil, true], "plain": "x",
            ]
        )
        #expect(Redaction.redact(object).keys == ["password", "list", "plain"])
    }

    @Test func aDescriptionKeepsSecrets() {
        let result = StepResult.fail(
            "mail a@b.de bounced",
            category: .network,
            retryable: true,
            metadata: ["token": "t0p"],
            data: ["password": "hunter2", "n": 1]
        )
        #expect(
            result.description
                == "StepResult(status: error, error: mail [EMAIL] bounced, error_category: network, retryable: true, "
                + "data: {\"password\":\"[FILTERED]\",\"n\":1}, metadata: {\"token\":\"[FILTERED]\"})"
        )
        #expect("\([result])".contains("hunter2") == false)
        #expect(String(reflecting: result) == result.description)
        #expect(StepResult.ok().description == "StepResult(status: success)")
    }

    @Test func theWireIsNotRedacted() {
        #expect(StepResult.ok(["password": "hunter2"]).jsonObject["data"]?["password"] == "hunter2")
    }

    @Test(arguments: ["a.", "a", "1", "+1 ", "a@", "1234 ", "a@a."])
    func hostileTextsTakeOnePass(piece: String) {
        // Quadratic work on this much would take the suite minutes.
        let text = String(repeating: piece, count: 200_000 / piece.utf8.count)
        #expect(Redaction.redact(text).isEmpty == false)
    }
}
